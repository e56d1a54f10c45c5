#include "tools/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

namespace quire::tools {

using common::FailErrno;

namespace {

// Between fork and exec only calls that are safe in the child of a process with threads.
[[noreturn]] void RunChild(char* const* argv, ChildProcess::Streams streams, pid_t parent,
                           int report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before the kernel knew of our wish
  ::setpgid(0, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::signal(number, SIG_DFL);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(streams.in < 0 ? null : streams.in, STDIN_FILENO);
  ::dup2(streams.out < 0 ? null : streams.out, STDOUT_FILENO);
  ::dup2(streams.err < 0 ? null : streams.err, STDERR_FILENO);
  ::execvp(argv[0], argv);
  const int error = errno;
  if (::write(report, &error, sizeof(error)) < 0) ::_exit(126);
  ::_exit(127);
}

}  // namespace

common::Result<ChildProcess> ChildProcess::Start(const std::vector<std::string>& argv,
                                                 Streams streams) {
  std::vector<char*> pointers;
  for (const std::string& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);

  // The write end closes with a successful exec; what comes through it is why exec failed.
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return FailErrno(errno, "pipe for", argv[0]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) RunChild(pointers.data(), streams, parent, report[1]);
  const int fork_error = errno;
  ::close(report[1]);
  int error = 0;
  ssize_t got = 0;
  if (pid > 0) {
    do got = ::read(report[0], &error, sizeof(error));
    while (got < 0 && errno == EINTR);
  }
  ::close(report[0]);
  if (pid < 0) return FailErrno(fork_error, "cannot start", argv[0]);
  ChildProcess child(pid);
  if (got == sizeof(error)) return FailErrno(error, "cannot start", argv[0]);
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0 || status_) return;
  Signal(SIGKILL);
  Wait(std::chrono::seconds(5));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  return *this;
}

bool ChildProcess::Running() {
  if (status_) return false;
  int status = 0;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == pid_) status_ = status;
  return !status_;
}

std::optional<int> ChildProcess::Wait(std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (Running()) {
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return status_;
}

void ChildProcess::Signal(int number) const {
  if (pid_ > 0 && !status_) ::kill(pid_, number);
}

void ChildProcess::Stop(std::chrono::milliseconds grace) {
  Signal(SIGTERM);
  if (Wait(grace)) return;
  Signal(SIGKILL);
  Wait(std::chrono::seconds(5));
}

std::string DescribeStatus(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return "killed by signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
  }
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace quire::tools
