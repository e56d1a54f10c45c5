#include "tests/simulation/history_plan.h"

#include <array>

namespace quire::simulation {
namespace {

constexpr std::array<protocol::Replication, 7> kReplications = {
    {{3, 3, 2}, {3, 2, 2}, {4, 3, 2}, {5, 3, 2}, {3, 2, 1}, {2, 2, 1}, {3, 3, 3}}};

}  // namespace

HistoryPlan HistoryPlan::Draw(std::uint64_t seed, BookieKind kind, bool focused) {
  common::Random random(seed);
  const auto below = [&random](std::uint64_t bound) {
    return static_cast<int>(common::Below(random, bound));
  };
  HistoryPlan plan;
  plan.seed = seed;
  plan.kind = kind;
  plan.replication = kReplications[common::Below(random, kReplications.size())];
  plan.spares = below(3);
  plan.entries = 1 + below(16);
  if (kind == BookieKind::kFull && below(20) == 0) plan.entries = 200 + below(1000);
  plan.window = 1 + below(8);
  plan.recoverers = below(4);
  plan.tailers = below(3);
  plan.closes = below(2) == 0;
  plan.writer_dies = below(3) == 0;
  plan.chaos = std::chrono::milliseconds(50 + below(20'000));
  plan.faults = focused ? FaultProfile::Focused(random) : FaultProfile::Draw(random);
  if (focused) {
    plan.recoverers = 1 + below(3);
    plan.entries = 1 + below(3);
  }
  return plan;
}

std::string HistoryPlan::ToString() const {
  return "seed=" + std::to_string(seed) + (kind == BookieKind::kFull ? " full" : " simple") +
         " E/Qw/Qa=" + std::to_string(replication.ensemble) + "/" +
         std::to_string(replication.write_quorum) + "/" + std::to_string(replication.ack_quorum) +
         " spares=" + std::to_string(spares) + " entries=" + std::to_string(entries) +
         " window=" + std::to_string(window) + " recoverers=" + std::to_string(recoverers) +
         " tailers=" + std::to_string(tailers) + (closes ? " closes" : "") +
         (writer_dies ? " writer-dies" : "") + " faults: " + faults.ToString();
}

}  // namespace quire::simulation
