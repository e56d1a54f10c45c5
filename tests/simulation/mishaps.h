#pragma once

#include "tests/simulation/cast.h"
#include "tests/simulation/history_plan.h"
#include "tests/simulation/oracle.h"

namespace quire::simulation {

// What goes wrong with the processes and disks of a history, at the rates of its profile, from
// Start to Stop; what it began still ends by itself. Bookies lose what they acknowledged only as
// often as the protocol tolerates: no entry loses Qa copies.
class Mishaps {
 public:
  Mishaps(Environment environment, const HistoryPlan& plan, Cast& cast, const Oracle& oracle);
  Mishaps(const Mishaps&) = delete;
  Mishaps& operator=(const Mishaps&) = delete;

  void Start();
  void Stop() { running_ = false; }
  // A bookie is about to lose what it promised, or to go for good. False: one more would be too
  // many.
  bool TakeLoss(const BookieNode& bookie);

 private:
  using Strike = void (Mishaps::*)();

  void Schedule(common::Duration every, Strike strike);
  void CrashBookie();
  void KillClient();
  void PauseSomebody();
  void WipeBookie();
  void LoseIntoLimbo();
  void RotSegment();
  void SwapAddresses();
  void Forge();
  void FailDisk();
  void FillDisk();
  void RestartLater(BookieNode& bookie, common::Duration down);
  common::Duration AnyDowntime();

  BookieNode& AnyBookie() { return *cast_.bookies[Below(cast_.bookies.size())]; }
  std::uint64_t Below(std::uint64_t bound) {
    return common::Below(environment_.scheduler.random(), bound);
  }

  Environment environment_;
  const HistoryPlan& plan_;
  Cast& cast_;
  const Oracle& oracle_;
  int losses_left_;
  bool running_ = false;
};

}  // namespace quire::simulation
