#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

namespace quire::bookie {

// The socket that systemd gives its services, in NOTIFY_SOCKET of this process while it lives.
class NotifySocket {
 public:
  NotifySocket() {
    std::string name = (std::filesystem::temp_directory_path() / "quire-notify-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    const std::string path = directory_ + "/socket";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~NotifySocket() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(socket_);
    std::filesystem::remove_all(directory_);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // Everything that was sent so far and not taken yet, each message followed by "|".
  std::string Take() const {
    std::string all;
    char buffer[4096];
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(socket_, buffer, sizeof(buffer), MSG_DONTWAIT);
      if (got > 0) all += std::string(buffer, static_cast<std::size_t>(got)) + "|";
    }
    return all;
  }

 private:
  std::string directory_;
  int socket_ = -1;
};

}  // namespace quire::bookie
