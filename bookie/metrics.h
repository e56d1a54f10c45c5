#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bookie/metrics_histogram.h"
#include "protocol/code.h"

namespace quire::bookie {

// Occurrences of each answer a bookie gives.
class CodeCounts {
 public:
  static constexpr std::size_t kCodes = static_cast<std::size_t>(protocol::Code::kExpired) + 1;

  void Count(protocol::Code code) {
    const auto index = static_cast<std::size_t>(code);
    ++counts_[index < kCodes ? index : static_cast<std::size_t>(protocol::Code::kUnknown)];
  }
  std::uint64_t of(protocol::Code code) const { return counts_[static_cast<std::size_t>(code)]; }

 private:
  std::array<std::uint64_t, kCodes> counts_{};
};

// What one bookie has done since it was opened. Plain numbers, written where the thing happens:
// loop thread only. Whoever wants to see them gets a copy (ShardSnapshot).
struct ShardMetrics {
  CodeCounts add_entries;
  std::uint64_t add_bytes = 0;   // of entries received, whatever the answer
  LatencyHistogram add_latency;  // of requests (several entries), arrival to reply

  CodeCounts read_requests;
  CodeCounts read_entries;
  std::uint64_t read_bytes = 0;
  std::uint64_t read_cached = 0;  // entries found in memory at once
  std::uint64_t read_stored = 0;  // entries found by a reader thread
  LatencyHistogram read_latency;  // of requests, arrival to reply

  std::uint64_t fences = 0;        // ledgers fenced
  LatencyHistogram fence_latency;  // of requests that fence, arrival to reply, durable
  CodeCounts lac_reads;
  CodeCounts lac_writes;
  std::uint64_t long_polls = 0;  // waiting now

  DurationHistogram flush_duration;  // of those that succeeded
  std::uint64_t flush_bytes = 0;     // of journal records that flushes made unneeded
  std::uint64_t flush_failures = 0;  // that found the disk full, and will be repeated
};

}  // namespace quire::bookie
