#include "tools/standard_output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tools/console.h"

namespace quire::tools {

bool StandardOutput::Write(std::string_view bytes) {
  while (!bytes.empty() && !broken_) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd wait{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      broken_ = true;
      failed_ = errno != EPIPE;
      if (failed_) Say(std::string("cannot write to standard output: ") + std::strerror(errno));
    }
  }
  return !broken_;
}

bool StandardOutput::Broken() {
  pollfd wait{STDOUT_FILENO, 0, 0};
  if (::poll(&wait, 1, 0) > 0 && (wait.revents & (POLLERR | POLLNVAL)) != 0) broken_ = true;
  return broken_;
}

int StandardOutput::ExitStatus() const {
  return failed_ ? kExitFailed : kExitOk;
}

int Print(std::string_view text) {
  StandardOutput out;
  out.Write(text);
  return out.ExitStatus();
}

}  // namespace quire::tools
