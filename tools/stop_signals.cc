#include "tools/stop_signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "common/check.h"

namespace quire::tools {

StopSignals::StopSignals() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&wanted, number);
  QUIRE_CHECK(::pthread_sigmask(SIG_BLOCK, &wanted, nullptr) == 0);
  fd_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  QUIRE_CHECK(fd_ >= 0);
}

StopSignals::~StopSignals() {
  ::close(fd_);
}

bool StopSignals::Wait(std::chrono::milliseconds at_most) {
  if (number_) return true;
  pollfd wait{fd_, POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(at_most.count())) <= 0) return false;
  signalfd_siginfo info{};
  if (::read(fd_, &info, sizeof(info)) == sizeof(info)) number_ = static_cast<int>(info.ssi_signo);
  return number_.has_value();
}

}  // namespace quire::tools
