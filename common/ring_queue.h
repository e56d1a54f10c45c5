#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "common/check.h"

namespace quire::common {

// A queue in one piece of memory that it goes round in, so that a short queue stays in a line or
// two of the processor's cache however much passes through it, and asks the allocator for nothing;
// a std::deque walks on through memory. For thousands of queues that are mostly short: one that was
// long gives its memory back when it gets empty. T is made without arguments. Not thread-safe.
template <typename T>
class RingQueue {
 public:
  RingQueue() = default;
  // Instead of moves, which would leave a size without places.
  RingQueue(const RingQueue&) = default;
  RingQueue& operator=(const RingQueue&) = default;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  T& operator[](std::size_t index) { return places_[PlaceOf(index)]; }  // index < size()
  const T& operator[](std::size_t index) const { return places_[PlaceOf(index)]; }
  T& front() { return places_[first_]; }  // not empty
  const T& front() const { return places_[first_]; }

  void push_back(T value) {
    if (size_ == places_.size()) Grow();
    places_[PlaceOf(size_++)] = std::move(value);
  }
  // Also frees what the element holds.
  void pop_front() {
    QUIRE_CHECK(size_ > 0);
    places_[first_] = T();
    first_ = PlaceOf(1);
    --size_;
    if (size_ == 0 && places_.size() > kKeptPlaces) {
      places_ = std::vector<T>();
      first_ = 0;
    }
  }
  void clear() {
    while (!empty()) pop_front();
  }

 private:
  static constexpr std::size_t kKeptPlaces = 16;

  std::size_t PlaceOf(std::size_t index) const { return (first_ + index) & (places_.size() - 1); }

  void Grow() {
    std::vector<T> places(places_.empty() ? 2 : 2 * places_.size());
    for (std::size_t i = 0; i < size_; ++i) places[i] = std::move((*this)[i]);
    places_ = std::move(places);
    first_ = 0;
  }

  std::vector<T> places_;  // none or a power of two of them
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace quire::common
