#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace quire::bookie {

// A histogram as whoever writes it out sees it: bucket i counts the values in (first * 2^(i-1),
// first * 2^i], the last one everything above.
struct HistogramView {
  std::uint64_t first;
  std::span<const std::uint64_t> counts;
  std::uint64_t sum;
};

// Counts values in buckets whose upper bounds are First, 2 First, 4 First ... (`Bounds` of them)
// and one for everything above. An observation is a few instructions and no more: it is made on the
// path of each request. One thread.
template <std::uint64_t First, std::size_t Bounds>
class Histogram {
 public:
  void Observe(std::uint64_t value) {
    const std::size_t bucket =
        value <= First ? 0 : static_cast<std::size_t>(std::bit_width((value - 1) / First));
    ++counts_[std::min(bucket, Bounds)];
    sum_ += value;
  }

  HistogramView view() const { return {.first = First, .counts = counts_, .sum = sum_}; }

 private:
  std::array<std::uint64_t, Bounds + 1> counts_{};
  std::uint64_t sum_ = 0;
};

// In nanoseconds: 10 us to 5.2 s, what a request or a sync takes.
using LatencyHistogram = Histogram<10'000, 20>;
// In nanoseconds: 1 ms to 65 s, what a background job takes.
using DurationHistogram = Histogram<1'000'000, 17>;
// 1 to 8192.
using CountHistogram = Histogram<1, 14>;
// 4 KiB to 8 MiB.
using BytesHistogram = Histogram<4096, 12>;

}  // namespace quire::bookie
