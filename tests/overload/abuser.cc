#include "tests/overload/abuser.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace quire::overload {

Abuser::~Abuser() {
  if (socket_ >= 0) ::close(socket_);
}

void Abuser::Connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sent_ = 0;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

bool Abuser::ThrownOut() const {
  pollfd event{.fd = socket_, .events = 0, .revents = 0};
  return ::poll(&event, 1, 0) > 0 && (event.revents & (POLLHUP | POLLERR)) != 0;
}

void Abuser::Turn() {
  if (socket_ < 0) return Connect();
  if (ThrownOut()) {
    ::close(std::exchange(socket_, -1));
    ++thrown_out_;
    return;
  }
  while (sent_ < bytes_.size()) {
    const ssize_t sent =
        ::send(socket_, bytes_.data() + sent_, bytes_.size() - sent_, MSG_NOSIGNAL);
    if (sent <= 0) return;
    sent_ += static_cast<std::size_t>(sent);
  }
}

}  // namespace quire::overload
