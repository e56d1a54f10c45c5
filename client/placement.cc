#include "client/placement.h"

#include <vector>

namespace quire::client {
namespace {

// How long a failure counts: a restart takes a few seconds, a dead bookie leaves the registry.
constexpr common::Duration kProbation = std::chrono::seconds(10);
constexpr common::Duration kRest = std::chrono::seconds(1);
constexpr std::size_t kMaxFailures = 10'000;

}  // namespace

using protocol::BookieId;

Placement::Placement(common::Loop& loop, const metadata::BookieDirectory& directory,
                     common::Random& random)
    : loop_(loop), directory_(directory), random_(random) {}

common::Result<metadata::Ensemble> Placement::Pick(int ensemble_size) {
  metadata::Ensemble ensemble;
  std::set<BookieId> chosen;
  std::set<std::string> addresses;
  while (static_cast<int>(ensemble.size()) < ensemble_size) {
    auto bookie = PickOne(chosen, addresses, false);
    if (!bookie) bookie = PickOne(chosen, addresses, true);
    if (!bookie) {
      return common::Fail(common::Errc::kNotEnoughBookies,
                          "an ensemble of " + std::to_string(ensemble_size) +
                              " needs as many "
                              "writable bookies on different daemons, and only " +
                              std::to_string(ensemble.size()) +
                              " are registered; start more or choose a smaller ensemble");
    }
    chosen.insert(*bookie);
    addresses.insert(directory_.AddressOf(*bookie));
    ensemble.push_back(*bookie);
  }
  return ensemble;
}

std::optional<BookieId> Placement::Replace(const std::set<BookieId>& exclude) {
  // Of those that are registered: one that has gone shares its daemon with nobody, and whoever
  // serves its address today may be the only spare there is.
  std::set<std::string> addresses;
  for (const metadata::BookieInfo& info : directory_.bookies()) {
    if (exclude.contains(info.bookie)) addresses.insert(info.address);
  }
  if (const auto bookie = PickOne(exclude, addresses, false)) return bookie;
  // Rather one that failed than none; but a bookie that refused a moment ago refuses again, and a
  // writer would go round among the dead as fast as it can, a segment each time.
  std::set<BookieId> tired = exclude;
  for (const auto& [failed, when] : failures_) {
    if (loop_.Now() - when < kRest) tired.insert(failed);
  }
  return PickOne(tired, addresses, true);
}

std::optional<BookieId> Placement::PickOne(const std::set<BookieId>& bookies,
                                           const std::set<std::string>& addresses, bool recent) {
  std::vector<BookieId> candidates;
  for (const metadata::BookieInfo& info : directory_.bookies()) {
    const bool usable = info.writable && !bookies.contains(info.bookie) &&
                        !addresses.contains(info.address) &&
                        (recent || !FailedRecently(info.bookie));
    if (usable) candidates.push_back(info.bookie);
  }
  if (candidates.empty()) return std::nullopt;
  return candidates[common::Below(random_, candidates.size())];
}

void Placement::NoteFailure(BookieId bookie) {
  if (failures_.size() >= kMaxFailures) failures_.clear();
  failures_[bookie] = loop_.Now();
}

bool Placement::FailedRecently(BookieId bookie) const {
  const auto it = failures_.find(bookie);
  return it != failures_.end() && loop_.Now() - it->second < kProbation;
}

}  // namespace quire::client
