#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "rpc/frame_codec.h"

namespace quire::rpc {

// The bytes that arrived on one connection and were not used yet. Reads go into one large scratch
// of the thread, where whole frames are used in place; only what is left of a read, mostly a frame
// that has not come whole, moves to memory of the connection. An idle peer costs nothing and a slow
// one what it sent, not what it announced.
class ReceiveBuffer {
 public:
  // What one read into the scratch can bring.
  static constexpr std::size_t kScratchBytes = std::size_t{256} * 1024;

  std::string_view content() const { return {begin_, size_}; }
  bool empty() const { return size_ == 0; }
  // Of the connection's own memory.
  std::size_t capacity() const { return capacity_; }
  // What the first frame will take when it is whole; 0 without content. Settled.
  std::size_t need_bytes() const { return need_; }
  // The length of the frame that has not come whole is known: Space() is for the rest of it only.
  bool in_frame() const { return size_ >= kFrameHeaderBytes; }

  // Where the next read goes; never empty. Settled, and no whole frame is in the content.
  std::span<char> Space();
  // The read put so many bytes there.
  void Filled(std::size_t bytes) { size_ += bytes; }
  // The first bytes of the content are done with.
  void Consume(std::size_t bytes) {
    begin_ += bytes;
    size_ -= bytes;
  }
  // The turn ends: what is left moves out of the scratch, and memory without content goes.
  void Settle();

 private:
  void Reallocate(std::size_t capacity);

  std::unique_ptr<char[]> own_;
  std::size_t capacity_ = 0;  // of own_
  char* begin_ = nullptr;     // of the content, in own_ or in the scratch
  std::size_t size_ = 0;
  std::size_t need_ = 0;
  bool in_scratch_ = false;
};

}  // namespace quire::rpc
