#include "tools/floor_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace quire::tools {

using common::Fail;
using common::FailErrno;
using common::Result;

namespace {

constexpr const char* kWhere = "127.0.0.1";

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void DoNotDelay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool NotNow() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

FloorSocket::~FloorSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Result<FloorSocket> FloorSocket::Listen() {
  FloorSocket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(0);
  if (made.fd_ < 0 ||
      ::bind(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(made.fd_, 1) != 0) {
    return FailErrno(errno, "listen at", kWhere);
  }
  return made;
}

Result<FloorSocket> FloorSocket::Connect(int port) {
  FloorSocket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  if (made.fd_ < 0 ||
      ::connect(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return FailErrno(errno, "connect to", kWhere);
  }
  DoNotDelay(made.fd_);
  return made;
}

int FloorSocket::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

Result<FloorSocket> FloorSocket::Accept() const {
  FloorSocket made(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
  if (made.fd_ < 0) return FailErrno(errno, "accept at", kWhere);
  DoNotDelay(made.fd_);
  return made;
}

Result<void> FloorSocket::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return FailErrno(errno, "send to", kWhere);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::size_t> FloorSocket::SendSome(std::string_view bytes) const {
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (NotNow()) return 0;
  return FailErrno(errno, "send to", kWhere);
}

Result<std::size_t> FloorSocket::Receive(char* place, std::size_t most) const {
  ssize_t got = 0;
  do got = ::recv(fd_, place, most, 0);
  while (got < 0 && errno == EINTR);
  if (got < 0) return FailErrno(errno, "receive from", kWhere);
  return static_cast<std::size_t>(got);
}

Result<std::optional<std::size_t>> FloorSocket::ReceiveSome(char* place, std::size_t most) const {
  const ssize_t got = ::recv(fd_, place, most, MSG_DONTWAIT);
  if (got >= 0) return static_cast<std::size_t>(got);
  if (NotNow()) return std::nullopt;
  return FailErrno(errno, "receive from", kWhere);
}

}  // namespace quire::tools
