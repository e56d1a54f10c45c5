#include "rpc/receive_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "rpc/frame_codec.h"

namespace quire::rpc {
namespace {

constexpr std::size_t kLeastBytes = std::size_t{16} * 1024;
constexpr std::size_t kMostBytes = kFrameMost + kLeastBytes;
// More per read saves no further time.
constexpr std::size_t kEagerBytes = std::size_t{1024} * 1024;
constexpr int kSmallReadsToShrink = 256;

}  // namespace

std::span<char> ReceiveBuffer::Space() {
  const std::size_t held = end_ - begin_;
  if (held == 0 && small_reads_ >= kSmallReadsToShrink) {
    small_reads_ = 0;
    begin_ = end_ = 0;
    Reallocate(kLeastBytes);
  } else if (begin_ > 0) {
    std::memmove(data_.get(), data_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
  }
  const bool eager = filled_up_ && capacity_ < kEagerBytes;
  if (capacity_ < kMostBytes && (eager || capacity_ - end_ < kLeastBytes)) {
    Reallocate(std::clamp(2 * capacity_, kLeastBytes, kMostBytes));
  }
  filled_up_ = false;
  return {data_.get() + end_, capacity_ - end_};
}

void ReceiveBuffer::Filled(std::size_t bytes) {
  end_ += bytes;
  filled_up_ = end_ == capacity_;
  const bool small = end_ < capacity_ / 8 && capacity_ > kLeastBytes;
  small_reads_ = small ? small_reads_ + 1 : 0;
}

void ReceiveBuffer::Reallocate(std::size_t capacity) {
  auto data = std::make_unique_for_overwrite<char[]>(capacity);
  if (end_ > 0) std::memcpy(data.get(), data_.get(), end_);
  data_ = std::move(data);
  capacity_ = capacity;
}

}  // namespace quire::rpc
