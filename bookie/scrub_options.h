#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

struct ScrubOptions {
  // Null: no scrub. Not one that reads of clients wait for; compaction may share it, whose steps
  // are as short.
  common::Worker* worker = nullptr;
  // What is read at most in a second: one terabyte in a day and a half, next to nothing for a disk.
  std::uint64_t bytes_per_second = 8 << 20;
  std::uint64_t step_bytes = 1 << 20;  // read in one go
  std::size_t step_keys = 4096;        // of the index, in one go
  // Between the end of a pass and the next one. Zero: passes begin only when asked.
  common::Duration interval = std::chrono::hours(7 * 24);
  // Before the first pass of a process: replay and what follows it come first.
  common::Duration first_wait = std::chrono::minutes(30);
  std::function<void(const std::string&)> report = [](const std::string&) {};  // lines for people
  std::function<void(const std::string&)> alarm = [](const std::string&) {};   // of damage
};

struct ScrubStats {
  bool running = false;
  bool paused = false;
  std::uint64_t passes = 0;      // complete, since the start
  std::uint64_t bytes = 0;       // read, since the start
  std::uint64_t corrupt = 0;     // findings, since the start; each pass finds them again
  std::uint64_t unused = 0;      // damaged places that no entry lies on, likewise
  std::uint64_t pass_bytes = 0;  // to read in this pass, about
  std::uint64_t pass_done = 0;
  std::optional<common::Duration> since_pass = {};  // the end of the last complete one
};

}  // namespace quire::bookie
