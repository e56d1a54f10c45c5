#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace quire::rpc {

// The bytes that arrived on one connection and were not used yet. Its memory follows the traffic:
// it doubles while reads fill it, up to one largest frame and a little more, and falls back when
// that much has not been needed for a while. An idle or slow peer costs what it sent, not what it
// announced.
class ReceiveBuffer {
 public:
  std::string_view content() const { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t capacity() const { return capacity_; }

  // Where the next read goes; never empty while the content is less than a largest frame. Moves the
  // content.
  std::span<char> Space();
  // The read put so many bytes there.
  void Filled(std::size_t bytes);
  // The first bytes of the content are done with.
  void Consume(std::size_t bytes) { begin_ += bytes; }

 private:
  void Reallocate(std::size_t capacity);

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool filled_up_ = false;  // by the last read: there is more than the space offered
  int small_reads_ = 0;     // in a row, that needed a small part of the capacity
};

}  // namespace quire::rpc
