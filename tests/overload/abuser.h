#pragma once

#include <cstdint>
#include <string>

namespace quire::overload {

// A peer that is none: it sends what it was given over a bare socket, never reads, and comes back
// when it is thrown out. One thread.
class Abuser {
 public:
  Abuser(std::uint16_t port, std::string bytes) : port_(port), bytes_(std::move(bytes)) {}
  ~Abuser();
  Abuser(const Abuser&) = delete;
  Abuser& operator=(const Abuser&) = delete;

  // Connects, sends what the kernel takes, notices that it was thrown out. Never blocks.
  void Turn();
  std::uint64_t thrown_out() const { return thrown_out_; }

 private:
  void Connect();
  bool ThrownOut() const;

  const std::uint16_t port_;
  const std::string bytes_;
  int socket_ = -1;
  std::size_t sent_ = 0;
  std::uint64_t thrown_out_ = 0;
};

}  // namespace quire::overload
