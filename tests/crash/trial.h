#pragma once

#include <cstdint>
#include <string>

#include "common/random.h"
#include "tests/crash/crash_run.h"
#include "tests/crash/machine.h"
#include "tests/crash/oracle.h"
#include "tests/crash/process.h"
#include "tests/crash/workload.h"

namespace quire::crash {

// Lives a life again, up to a point at which something goes wrong, and sees what the bookie makes
// of it. One thread; reused to keep its memory.
class Trial {
 public:
  explicit Trial(std::uint64_t seed) : seed_(seed) {}

  // The power goes at that change of the disks, or only the process dies there. Mostly the power
  // goes again at some change of the start-up that follows. The next start must succeed and find
  // all that was promised; the bookie serves, and after one more crash all of it is there again.
  // False: a promise was broken, see report().
  bool TryPoint(const Life& life, std::uint64_t point);

  // A fault chosen by the number: a write or a sync fails with kIo once, or a disk is full. The
  // bookie may go on or refuse; what it acknowledged before, beside or after the fault is there
  // after a restart on a sound disk.
  bool TryFault(const Life& life, std::uint64_t number);

  const std::string& report() const { return report_; }
  // The options that choose the last trial again.
  const std::string& what() const { return what_; }
  // Start-ups that the power cut short.
  std::uint64_t startups_cut() const { return startups_cut_; }
  std::uint64_t entries_read() const { return entries_read_; }
  std::uint64_t failed() const { return failed_; }    // by a fault the bookie gave up
  std::uint64_t went_on() const { return went_on_; }  // it did not

  // Where this thread is, for a report when an invariant of the product ends the process.
  static const std::string& Current();

 private:
  void Begin(const Life& life, std::string what, std::uint64_t salt);
  bool Relive(const Life& life, std::uint64_t point);
  void Relive(const Life& life, Process& process);
  void Enter(std::string phase);
  void NoteSteps();
  bool Lose();
  void CutStartup();
  void FillDisks();
  void FreeDisks();
  void LiveWithFault(const Life& life);
  void CheckRestart(bool serve);
  bool End();

  const std::uint64_t seed_;
  common::Random random_;
  Machine machine_;
  Machine spare_;
  std::uint64_t life_ = 0;
  Oracle oracle_;
  Workload workload_{0, 0};
  std::string what_;
  std::string phase_;       // of the trial, for the report
  std::string last_steps_;  // of the phase before and of this one
  std::string report_;
  std::uint64_t startups_cut_ = 0;
  std::uint64_t entries_read_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t went_on_ = 0;
};

}  // namespace quire::crash
