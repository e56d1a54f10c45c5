#pragma once

#include <array>
#include <cstdint>

namespace quire::tools {

// Counts of values (nanoseconds, say) in log-linear buckets: 64 equal ones in each power of two, so
// that any value is known to 1.6 %. Fixed memory, a few instructions to record. One thread at a
// time.
class Histogram {
 public:
  void Record(std::uint64_t value);
  void Merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  double Mean() const;

  // A value that at least the fraction (0..1) of all recorded ones do not exceed: the upper end of
  // the first bucket for which that holds, never more than max(). 0 when nothing was recorded.
  std::uint64_t Quantile(double fraction) const;

 private:
  static constexpr int kSubBits = 6;
  static constexpr std::uint64_t kSub = 1ULL << kSubBits;  // buckets per power of two
  static constexpr std::size_t kBuckets = (64 - kSubBits + 1) * kSub;

  static std::size_t BucketOf(std::uint64_t value);
  static std::uint64_t HighestIn(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace quire::tools
