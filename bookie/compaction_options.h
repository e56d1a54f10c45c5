#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

struct CompactionOptions {
  // Null: no compaction. Must be a thread of its own: it reads and writes for long.
  common::Worker* worker = nullptr;
  double min_garbage = 0.4;  // of a segment's bytes, before what is live is copied out of it
  // What is copied at most in a second, so that appends and reads keep the disk.
  std::uint64_t bytes_per_second = 16 << 20;
  std::uint64_t step_bytes = 256 << 10;                  // copied in one go
  std::uint64_t segment_bytes = 64 << 20;                // of a new segment, about
  std::uint64_t round_bytes = 1 << 30;                   // copied in one round, about
  common::Duration interval = std::chrono::minutes(10);  // between two rounds
  std::function<void(const std::string&)> report = [](const std::string&) {};  // lines for people
};

struct CompactionStats {
  bool running = false;
  bool paused = false;
  std::uint64_t rounds = 0;         // that had something to do
  std::uint64_t copied_bytes = 0;   // since the start
  std::uint64_t removed_bytes = 0;  // of segments that went, since the start
  std::uint64_t unreadable = 0;     // extents that could not be copied, since the start
  std::uint64_t round_bytes = 0;    // to copy in this round
  std::uint64_t round_copied = 0;
  std::uint64_t slowdown = 1;  // how many times slower than its rate, for the journal's sake
};

}  // namespace quire::bookie
