#include "tests/crash/trial.h"

#include <chrono>
#include <optional>
#include <utility>

#include "tests/crash/audit.h"

namespace quire::crash {

namespace {

thread_local std::string current;

// The start-ups that follow a crash change the disks about so often.
constexpr std::uint64_t kStartupChanges = 45;
// Not of the workload.
constexpr protocol::LedgerId kFirstNewLedger(800'000);

}  // namespace

const std::string& Trial::Current() {
  return current;
}

void Trial::Begin(const Life& life, std::string what, std::uint64_t salt) {
  what_ = "--life " + std::to_string(life.number) + what;
  current = "--seed " + std::to_string(seed_) + " " + what_;
  random_.seed(seed_ * 1'000'003 + life.number * 10'007 + salt);
  machine_.CopyFrom(life.machine);
  life_ = life.number;
  oracle_ = life.before;
  workload_ = life.workload;
  last_steps_.clear();
  phase_ = "the life up to its fault";
  report_.clear();
}

void Trial::Enter(std::string phase) {
  NoteSteps();
  phase_ = std::move(phase);
}

void Trial::NoteSteps() {
  last_steps_ += phase_ + "\n";
  for (const std::string& change : machine_.recent()) last_steps_ += "  " + change + "\n";
  for (const std::string& step : workload_.recent()) last_steps_ += "  request: " + step + "\n";
}

bool Trial::TryPoint(const Life& life, std::uint64_t point) {
  Begin(life, " --point " + std::to_string(point), point);
  if (!Relive(life, point)) return End();
  const bool killed = Lose();
  // What only reached the page cache before a kill is still not durable when the bookie reads it
  // back, serves it, and loses power later.
  if (!killed || common::Below(random_, 2) == 0) CutStartup();
  if (oracle_.broken()) return End();
  CheckRestart(/*serve=*/true);
  if (oracle_.broken()) return End();
  Lose();
  CheckRestart(/*serve=*/false);
  return End();
}

// False when the life did not come to the point as it did before.
bool Trial::Relive(const Life& life, std::uint64_t point) {
  machine_.CutAfter(point);
  {
    Process process(machine_, life_);
    const auto opened = process.Open();
    if (machine_.powered() && !opened) {
      oracle_.Violate("start-up fails: " + opened.error().ToString());
    } else if (opened && machine_.powered()) {
      oracle_ = life.after;
      Relive(life, process);
    }
  }
  if (machine_.powered() || machine_.last_change() != life.changes[point]) {
    oracle_.Violate("not deterministic: '" + machine_.last_change() + "' where the run had '" +
                    life.changes[point] + "'");
  }
  return !oracle_.broken();
}

void Trial::Relive(const Life& life, Process& process) {
  for (std::uint64_t step = 0; step < life.steps; ++step) {
    if (!machine_.powered() || oracle_.broken()) return;
    workload_.Step(process, oracle_);
  }
  if (life.ending != Ending::kStop || !machine_.powered()) return;
  workload_.Drain(process, oracle_);
  StopBookie(process, oracle_);
}

// One time in three only the process dies, and nothing of the disks is lost yet: true then.
bool Trial::Lose() {
  if (common::Below(random_, 3) > 0) {
    machine_.Crash(random_);
    return false;
  }
  spare_.CopyFrom(machine_);  // which also ends the power cut
  machine_.CopyFrom(spare_);
  return true;
}

void Trial::CutStartup() {
  Enter("a start-up that is cut short");
  machine_.CutAfter(common::Below(random_, kStartupChanges));
  {
    Process process(machine_, life_);
    const auto opened = process.Open();
    if (machine_.powered()) {
      if (!opened) oracle_.Violate("start-up fails: " + opened.error().ToString());
      process.Settle();
    }
    if (!machine_.powered()) ++startups_cut_;
  }
  machine_.Crash(random_);
}

void Trial::CheckRestart(bool serve) {
  Enter(serve ? "a restart, and some requests" : "the last restart");
  spare_.CopyFrom(machine_);
  CheckIndex(spare_, oracle_);
  if (oracle_.broken()) return;
  Process process(machine_, life_);
  if (auto opened = process.Open(); !opened) {
    return oracle_.Violate("start-up fails: " + opened.error().ToString());
  }
  entries_read_ += Audit(process, oracle_);
  if (oracle_.broken()) return;
  if (!serve) return CheckGivesSpaceBack(process, oracle_);
  workload_.Restarted();
  CheckServes(process, oracle_, kFirstNewLedger);
  // The crash that follows comes between two changes, in the middle of one, or finds all at rest.
  const std::uint64_t kind = common::Below(random_, 3);
  if (kind == 0) machine_.CutAfter(common::Below(random_, 40));
  for (int step = 0; step < 60 && machine_.powered() && !oracle_.broken(); ++step) {
    workload_.Step(process, oracle_);
  }
  if (oracle_.broken()) last_steps_ += process.errors();
  if (kind == 1) workload_.Drain(process, oracle_);
}

bool Trial::End() {
  if (!oracle_.broken()) return true;
  NoteSteps();
  report_ = oracle_.violation() + "\nin this order:\n" + last_steps_;
  return false;
}

// Fills up all disks, or one of them, but for a little.
void Trial::FillDisks() {
  const std::uint64_t which = common::Below(random_, 4);
  for (std::size_t i = 0; i < 3; ++i) {
    if (which < 3 && which != i) continue;
    testing::SimDisk& disk = *machine_.disks()[i];
    const std::uint64_t used = testing::SimDisk::kUnlimited - disk.FreeBytes().value_or(0);
    disk.set_capacity(used + common::Below(random_, 128 << 10));
  }
}

void Trial::FreeDisks() {
  for (testing::SimDisk* disk : machine_.disks()) {
    disk->set_capacity(testing::SimDisk::kUnlimited);
  }
}

void Trial::LiveWithFault(const Life& life) {
  const std::uint64_t kind = common::Below(random_, 3);
  const std::size_t which = common::Below(random_, 3);
  testing::SimDisk& disk = *machine_.disks()[which];
  if (kind == 0) disk.FailWrite(1 + common::Below(random_, life.writes[which] + 1));
  if (kind == 1) disk.FailSync(1 + common::Below(random_, life.syncs[which] + 1));
  const std::uint64_t full_at = kind == 2 ? common::Below(random_, life.steps) : life.steps;

  Process process(machine_, life_);
  if (auto opened = process.Open(); !opened) {
    if (opened.error().context().empty()) oracle_.Violate("start-up fails and does not say why");
    ++failed_;
    return;
  }
  oracle_ = life.after;
  oracle_.set_faults(true);
  for (std::uint64_t step = 0; step < life.steps && !oracle_.broken(); ++step) {
    if (step == full_at) FillDisks();
    workload_.Step(process, oracle_);
  }
  workload_.Drain(process, oracle_);
  const auto failed = [&] { return process.shard().mode() == bookie::ShardMode::kFailed; };
  if (kind == 2 && !failed()) {  // room again: it goes on by itself
    FreeDisks();
    machine_.records().Show();  // none may be missed for long
    for (int wait = 0; wait < 3; ++wait) process.Wait(std::chrono::seconds(6));
    if (!failed()) CheckServes(process, oracle_, kFirstNewLedger + 1);
  }
  if (failed() && process.errors().empty()) oracle_.Violate("the bookie failed and said nothing");
  ++(failed() ? failed_ : went_on_);
}

bool Trial::TryFault(const Life& life, std::uint64_t number) {
  Begin(life, " --fault " + std::to_string(number), ~number);
  LiveWithFault(life);
  if (oracle_.broken()) return End();
  FreeDisks();
  Lose();
  CheckRestart(/*serve=*/true);
  if (oracle_.broken()) return End();
  Lose();
  CheckRestart(/*serve=*/false);
  return End();
}

}  // namespace quire::crash
