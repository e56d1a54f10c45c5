#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "common/check.h"
#include "common/disk.h"

namespace quire::common {

// Growing bytes whose memory is aligned for direct I/O. Keeps its capacity across Clear().
class AlignedBuffer {
 public:
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  char* data() { return data_.get(); }
  std::string_view view() const { return {data_.get(), size_}; }
  void Clear() { size_ = 0; }

  // Room for `count` more bytes at the end, uninitialised; they belong to the content from now on.
  char* Extend(std::size_t count) {
    Reserve(size_ + count);
    char* place = data_.get() + size_;
    size_ += count;
    return place;
  }

  void Append(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(Extend(bytes.size()), bytes.data(), bytes.size());
  }

  // Zeros up to the next block boundary.
  void Pad() {
    const std::size_t tail = size_ % kDiskBlockBytes;
    if (tail != 0) std::memset(Extend(kDiskBlockBytes - tail), 0, kDiskBlockBytes - tail);
  }

  void Reserve(std::size_t bytes) {
    if (bytes <= capacity_) return;
    std::size_t grown = capacity_ == 0 ? std::size_t{64} << 10 : capacity_;
    while (grown < bytes) grown *= 2;
    std::unique_ptr<char, decltype(&std::free)> memory(
        static_cast<char*>(std::aligned_alloc(kDiskBlockBytes, grown)), &std::free);
    QUIRE_CHECK(memory != nullptr);
    if (size_ > 0) std::memcpy(memory.get(), data_.get(), size_);
    data_ = std::move(memory);
    capacity_ = grown;
  }

 private:
  std::unique_ptr<char, decltype(&std::free)> data_{nullptr, &std::free};
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace quire::common
