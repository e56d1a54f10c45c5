#include "tools/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace quire::tools {

// Values below kSub have a bucket each; above, the position of the top bit chooses a group of kSub
// buckets and the kSubBits bits below it the bucket.
std::size_t Histogram::BucketOf(std::uint64_t value) {
  if (value < kSub) return value;
  const int shift = std::bit_width(value) - 1 - kSubBits;
  return static_cast<std::size_t>(shift + 1) * kSub + ((value >> shift) - kSub);
}

std::uint64_t Histogram::HighestIn(std::size_t bucket) {
  if (bucket < kSub) return bucket;
  const auto shift = static_cast<int>(bucket / kSub) - 1;
  const std::uint64_t low = (kSub + bucket % kSub) << shift;
  return low + ((1ULL << shift) - 1);
}

void Histogram::Record(std::uint64_t value) {
  ++buckets_[BucketOf(value)];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::Merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::Mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::Quantile(double fraction) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const std::uint64_t rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(HighestIn(i), max_);
  }
  return max_;
}

}  // namespace quire::tools
