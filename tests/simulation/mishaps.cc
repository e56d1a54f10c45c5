#include "tests/simulation/mishaps.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "protocol/entry.h"

namespace quire::simulation {

using std::chrono::milliseconds;

Mishaps::Mishaps(Environment environment, const HistoryPlan& plan, Cast& cast, const Oracle& oracle)
    : environment_(environment),
      plan_(plan),
      cast_(cast),
      oracle_(oracle),
      losses_left_(plan.replication.ack_quorum - 1) {}

void Mishaps::Start() {
  running_ = true;
  const FaultProfile& faults = plan_.faults;
  Schedule(faults.crash_every, &Mishaps::CrashBookie);
  Schedule(faults.kill_every, &Mishaps::KillClient);
  Schedule(faults.pause_every, &Mishaps::PauseSomebody);
  Schedule(faults.wipe_every, &Mishaps::WipeBookie);
  Schedule(faults.limbo_every, &Mishaps::LoseIntoLimbo);
  Schedule(faults.rot_every, &Mishaps::RotSegment);
  Schedule(faults.swap_every, &Mishaps::SwapAddresses);
  Schedule(faults.forge_every, &Mishaps::Forge);
  Schedule(faults.disk_error_every, &Mishaps::FailDisk);
  Schedule(faults.disk_full_every, &Mishaps::FillDisk);
}

void Mishaps::Schedule(common::Duration every, Strike strike) {
  if (every.count() == 0) return;
  const auto mean = static_cast<std::uint64_t>(every.count());
  const common::Duration wait(static_cast<std::int64_t>(Below(2 * mean)));
  environment_.scheduler.After(wait, nullptr, [this, every, strike] {
    if (!running_) return;
    (this->*strike)();
    Schedule(every, strike);
  });
}

bool Mishaps::TakeLoss(const BookieNode& bookie) {
  if (bookie.damaged()) return true;  // counted already
  if (losses_left_ == 0) return false;
  --losses_left_;
  return true;
}

common::Duration Mishaps::AnyDowntime() {
  return milliseconds(5 + Below(Below(2) == 0 ? 100 : 8000));
}

// Also when the disk does not let it start: it is tried again, as its supervisor would.
void Mishaps::RestartLater(BookieNode& bookie, common::Duration down) {
  environment_.scheduler.After(down, nullptr, [this, &bookie] {
    if (running_ && !bookie.Start()) RestartLater(bookie, milliseconds(500));
  });
}

void Mishaps::CrashBookie() {
  BookieNode& bookie = AnyBookie();
  if (!bookie.up()) return;
  bookie.Crash();
  RestartLater(bookie, AnyDowntime());
}

void Mishaps::KillClient() {
  if (plan_.writer_dies && cast_.writer->ledger() && Below(2) == 0) return cast_.writer->Kill();
  if (cast_.others.empty()) return;
  cast_.others[Below(cast_.others.size())]->Kill();
}

void Mishaps::PauseSomebody() {
  const auto length = milliseconds(1 + Below(12'000));
  const std::uint64_t bookies = cast_.bookies.size();
  const std::uint64_t who = Below(bookies + cast_.others.size() + 1);
  if (who < bookies) return cast_.bookies[who]->Pause(length);
  ClientNode& client = who == bookies ? *cast_.writer : *cast_.others[who - bookies - 1];
  if (client.alive()) client.Pause(length);
}

void Mishaps::WipeBookie() {
  BookieNode& bookie = AnyBookie();
  if (!TakeLoss(bookie)) return;
  bookie.Crash();
  bookie.Wipe();
  RestartLater(bookie, AnyDowntime());
}

void Mishaps::LoseIntoLimbo() {
  BookieNode& bookie = AnyBookie();
  if (!TakeLoss(bookie)) return;
  bookie.Crash();
  // A simple bookie loses entries. A full one loses its index, and what it denies with it, but not
  // one entry.
  if (plan_.kind == BookieKind::kSimple) bookie.MarkDamaged();
  if (bookie.PutInLimbo(*cast_.writer->ledger())) {
    environment_.trace.Line(bookie.address(), " loses something and goes into limbo");
  }
  RestartLater(bookie, AnyDowntime());
}

void Mishaps::RotSegment() {
  BookieNode& bookie = AnyBookie();
  if (plan_.kind != BookieKind::kFull || !TakeLoss(bookie)) return;
  bookie.MarkDamaged();
  if (bookie.Rot()) environment_.trace.Line(bookie.address(), " has a bit flipped");
}

void Mishaps::SwapAddresses() {
  if (cast_.bookies.size() < 2) return;
  BookieNode& one = AnyBookie();
  BookieNode& other = AnyBookie();
  if (&one == &other) return;
  one.Crash();
  other.Crash();
  const std::string address = one.address();
  one.set_address(other.address());
  other.set_address(address);
  RestartLater(one, AnyDowntime());
  RestartLater(other, AnyDowntime());
}

// Only where the right bytes are for sure: a bookie cannot know which came first elsewhere.
void Mishaps::Forge() {
  BookieNode& bookie = AnyBookie();
  const protocol::LedgerId ledger = *cast_.writer->ledger();
  const auto& entries = bookie.witness().acknowledged(ledger);
  if (entries.empty() || bookie.damaged()) return;
  const auto entry =
      std::next(entries.begin(), static_cast<std::ptrdiff_t>(Below(entries.size())))->first;
  std::string bytes;
  protocol::EncodeEntry({.ledger = ledger, .entry = entry, .length = 6}, "forged", bytes);
  bookie.Inject(std::move(bytes), oracle_.newest()->key);
}

void Mishaps::FailDisk() {
  BookieNode& bookie = AnyBookie();
  if (!bookie.up() || plan_.kind != BookieKind::kFull) return;
  environment_.trace.Line(bookie.address(), " has a failing disk");
  bookie.FailDisk();
  bookie.MarkAiling();
  environment_.scheduler.After(milliseconds(Below(3000)), nullptr, [this, &bookie] {
    if (!running_) return;
    bookie.Crash();
    RestartLater(bookie, milliseconds(5));
  });
}

void Mishaps::FillDisk() {
  BookieNode& bookie = AnyBookie();
  environment_.trace.Line(bookie.address(), " has a full disk");
  bookie.SetDiskFull(true);
  if (plan_.kind == BookieKind::kFull) bookie.MarkAiling();
  environment_.scheduler.After(milliseconds(Below(4000)), nullptr, [this, &bookie] {
    if (!running_) return;
    bookie.SetDiskFull(false);
    if (!bookie.ailing()) return;
    bookie.Crash();
    RestartLater(bookie, milliseconds(5));
  });
}

}  // namespace quire::simulation
