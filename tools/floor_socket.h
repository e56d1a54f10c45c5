#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "common/error.h"

namespace quire::tools {

// A TCP socket of 127.0.0.1 without delay, as floors are measured with. One thread.
class FloorSocket {
 public:
  // Listens on a free port.
  static common::Result<FloorSocket> Listen();
  static common::Result<FloorSocket> Connect(int port);
  ~FloorSocket();
  FloorSocket(FloorSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FloorSocket& operator=(FloorSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int port() const;  // of this end
  common::Result<FloorSocket> Accept() const;

  // All of it.
  common::Result<void> Send(std::string_view bytes) const;
  // What there is room for now; 0: none.
  common::Result<std::size_t> SendSome(std::string_view bytes) const;
  // At least one byte; 0: the other side closed.
  common::Result<std::size_t> Receive(char* place, std::size_t most) const;
  // What is there now; nullopt: nothing, 0: the other side closed.
  common::Result<std::optional<std::size_t>> ReceiveSome(char* place, std::size_t most) const;

  int fd() const { return fd_; }

 private:
  explicit FloorSocket(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace quire::tools
