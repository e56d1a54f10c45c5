#include "tests/simulation/history_plan.h"

#include <array>

namespace quire::simulation {
namespace {

constexpr std::array<protocol::Replication, 7> kReplications = {
    {{3, 3, 2}, {3, 2, 2}, {4, 3, 2}, {5, 3, 2}, {3, 2, 1}, {2, 2, 1}, {3, 3, 3}}};
constexpr std::array<Profile, 4> kProfiles = {Profile::kUniform, Profile::kFocused, Profile::kFull,
                                              Profile::kFullFocused};

}  // namespace

std::string_view ProfileName(Profile profile) {
  switch (profile) {
    case Profile::kUniform: return "uniform";
    case Profile::kFocused: return "focused";
    case Profile::kFull: return "full";
    case Profile::kFullFocused: return "full-focused";
  }
  return "unknown";
}

std::optional<Profile> ParseProfile(std::string_view name) {
  for (const Profile profile : kProfiles) {
    if (ProfileName(profile) == name) return profile;
  }
  return std::nullopt;
}

HistoryPlan HistoryPlan::Draw(std::uint64_t seed, Profile profile) {
  common::Random random(seed);
  const auto below = [&random](std::uint64_t bound) {
    return static_cast<int>(common::Below(random, bound));
  };
  const bool focused = profile == Profile::kFocused || profile == Profile::kFullFocused;
  const bool full = profile == Profile::kFull || profile == Profile::kFullFocused;
  HistoryPlan plan;
  plan.seed = seed;
  plan.profile = profile;
  plan.kind = full ? BookieKind::kFull : BookieKind::kSimple;
  plan.replication = kReplications[common::Below(random, kReplications.size())];
  plan.spares = below(3);
  plan.entries = 1 + below(16);
  plan.window = 1 + below(8);
  if (below(full ? 20 : 1000) == 0) {
    plan.entries = 200 + below(full ? 1000 : 3000);
    plan.window = 1 + below(200);
  }
  plan.recoverers = below(4);
  plan.tailers = below(3);
  plan.closes = below(2) == 0;
  plan.writer_dies = below(3) == 0;
  plan.deletes = below(full ? 3 : 10) == 0;
  // Enough that segments hold entries of both ledgers, for compaction to tell apart.
  if (full && plan.deletes) plan.entries += 100 + below(100);
  plan.stranger = below(20) == 0;
  plan.core_only = below(4) == 0;
  // Short ones are as likely as long ones: what goes wrong early has little time to be mended.
  plan.chaos = std::chrono::milliseconds((20 + below(60)) << below(9));
  plan.faults = focused ? FaultProfile::Focused(random) : FaultProfile::Draw(random);
  if (focused) {
    plan.recoverers = 1 + below(3);
    plan.entries = 1 + below(3);
    plan.clogs_writer = below(2) == 0;
    if (plan.clogs_writer) plan.chaos = std::chrono::milliseconds(20 + below(4'000));
  }
  return plan;
}

std::string HistoryPlan::ToString() const {
  return "seed=" + std::to_string(seed) + " profile=" + std::string(ProfileName(profile)) +
         " E/Qw/Qa=" + std::to_string(replication.ensemble) + "/" +
         std::to_string(replication.write_quorum) + "/" + std::to_string(replication.ack_quorum) +
         " spares=" + std::to_string(spares) + " entries=" + std::to_string(entries) +
         " window=" + std::to_string(window) + " recoverers=" + std::to_string(recoverers) +
         " tailers=" + std::to_string(tailers) + (closes ? " closes" : "") +
         (writer_dies ? " writer-dies" : "") + (deletes ? " deletes" : "") +
         (stranger ? " stranger" : "") + (core_only ? " core-only" : "") +
         (clogs_writer ? " clogs-writer" : "") +
         " chaos=" + std::to_string(chaos / std::chrono::milliseconds(1)) +
         "ms faults: " + faults.ToString();
}

}  // namespace quire::simulation
