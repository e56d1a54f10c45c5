#include "tests/support/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>
#include <utility>

#include "common/check.h"

namespace quire::testing {
namespace {

int MemoryFile(const std::string& bytes) {
  const int fd = ::memfd_create("process", MFD_CLOEXEC);
  QUIRE_CHECK(fd >= 0);
  QUIRE_CHECK(::pwrite(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return fd;
}

std::string Content(int fd) {
  struct stat status{};
  QUIRE_CHECK(::fstat(fd, &status) == 0);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
  QUIRE_CHECK(got >= 0);
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

}  // namespace

tools::ChildProcess Process::Launch(const std::vector<std::string>& argv, int in, int out,
                                    int err) {
  std::signal(SIGPIPE, SIG_IGN);  // a child may end before it has read all
  auto child = tools::ChildProcess::Start(argv, {.in = in, .out = out, .err = err});
  QUIRE_CHECK(child.has_value());
  ::close(in);
  return *std::move(child);
}

namespace {

// The child's standard input; a pipe's other end goes to `feed`.
int MakeInput(const Process::Input& input, int& feed) {
  if (!input.keep_open) return MemoryFile(input.bytes);
  int ends[2];
  QUIRE_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
  feed = ends[1];
  return ends[0];
}

}  // namespace

Process::Process(const std::vector<std::string>& argv, const Input& input)
    : out_(MemoryFile("")),
      err_(MemoryFile("")),
      child_(Launch(argv, MakeInput(input, feed_), out_, err_)) {
  if (input.keep_open) Feed(input.bytes);
}

Process::~Process() {
  EndInput();
  ::close(out_);
  ::close(err_);
}

std::string Process::out() const {
  return Content(out_);
}
std::string Process::err() const {
  return Content(err_);
}

void Process::Feed(const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = ::write(feed_, bytes.data() + done, bytes.size() - done);
    if (written < 0) return;  // it does not read any more; its status tells
    done += static_cast<std::size_t>(written);
  }
}

void Process::EndInput() {
  if (feed_ >= 0) ::close(std::exchange(feed_, -1));
}

bool Process::Await(const std::function<bool()>& condition, std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  for (;;) {
    const bool running = child_.Running();  // before the look: its last words count
    if (condition()) return true;
    if (!running || std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

int Process::Wait(std::chrono::milliseconds at_most) {
  const auto status = child_.Wait(at_most);
  if (!status) return -1;
  return WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
}

ScratchDirectory::ScratchDirectory() {
  path_ = (std::filesystem::temp_directory_path() / "quire-test-XXXXXX").string();
  QUIRE_CHECK(::mkdtemp(path_.data()) != nullptr);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace quire::testing
