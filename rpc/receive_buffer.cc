#include "rpc/receive_buffer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "common/check.h"

namespace quire::rpc {
namespace {

constexpr std::size_t kLeastBytes = std::size_t{4} * 1024;
// Memory grows by this factor as the bytes come, so that large frames are not moved often.
constexpr std::size_t kGrowth = 4;

// One connection of a thread reads at a time, and is done with it in the same turn.
char* Scratch() {
  thread_local const auto scratch =
      std::make_unique_for_overwrite<char[]>(kFrameHeaderBytes + ReceiveBuffer::kScratchBytes);
  return scratch.get();
}

}  // namespace

std::span<char> ReceiveBuffer::Space() {
  QUIRE_CHECK(!in_scratch_);
  if (!in_frame()) {
    char* const scratch = Scratch();
    if (size_ > 0) std::memcpy(scratch, begin_, size_);
    begin_ = scratch;
    in_scratch_ = true;
    return {begin_ + size_, kScratchBytes};
  }
  if (static_cast<std::size_t>(begin_ - own_.get()) + size_ == capacity_) {
    Reallocate(std::min(need_, std::max(kGrowth * size_, kLeastBytes)));
  }
  char* const end = begin_ + size_;
  const std::size_t room = capacity_ - static_cast<std::size_t>(end - own_.get());
  return {end, std::min(room, need_ - size_)};
}

void ReceiveBuffer::Settle() {
  if (size_ == 0) {
    own_.reset();
    capacity_ = need_ = 0;
    begin_ = nullptr;
    in_scratch_ = false;
    return;
  }
  if (const FrameView first = FirstFrame(content()); first.state != FrameState::kTooLarge) {
    need_ = std::max(size_, first.need_bytes);
  }
  if (in_scratch_) Reallocate(size_);
  in_scratch_ = false;
}

void ReceiveBuffer::Reallocate(std::size_t capacity) {
  capacity = std::max(capacity, size_);
  auto data = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(data.get(), begin_, size_);
  own_ = std::move(data);
  capacity_ = capacity;
  begin_ = own_.get();
}

}  // namespace quire::rpc
