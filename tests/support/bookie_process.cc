#include "tests/support/bookie_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace quire::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kReadyLimit(60);

fs::path MakeDirectory() {
  std::string name = (fs::temp_directory_path() / "quire-bookie-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  return name;
}

std::string Content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Standard output to `out`, standard error at the end of the file.
pid_t Launch(const std::vector<std::string>& flags, int out, const fs::path& log) {
  std::vector<char*> argv;
  std::string binary = QUIRE_BOOKIE_BINARY;
  argv.push_back(binary.data());
  std::vector<std::string> copies = flags;
  for (std::string& flag : copies) argv.push_back(flag.data());
  argv.push_back(nullptr);
  const int err = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (err < 0 || out < 0) throw std::runtime_error("cannot open " + log.string());
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(err);
  return child;
}

// The exit code, or minus the signal.
int Reap(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

std::string Between(const std::string& line, const std::string& name) {
  const auto begin = line.find(name + "=");
  if (begin == std::string::npos) throw std::runtime_error("no " + name + " in: " + line);
  const auto value = begin + name.size() + 1;
  return line.substr(value, line.find_first_of(" \n", value) - value);
}

}  // namespace

BookieProcess::BookieProcess(Options options)
    : scratch_(MakeDirectory()), options_(std::move(options)) {
  if (options_.directories.empty()) options_.directories = {(scratch_ / "data").string()};
  Start();
}

BookieProcess::~BookieProcess() {
  Kill();
  std::error_code ignored;
  fs::remove_all(scratch_, ignored);
}

void BookieProcess::Start() {
  // At another address a killed bookie would wait for the end of its old session.
  std::vector<std::string> flags{"--metadata", options_.metadata, "--listen",
                                 address_.empty() ? "127.0.0.1:0" : address_};
  for (const auto& directory : options_.directories) {
    flags.insert(flags.end(), {"--dir", directory});
  }
  flags.insert(flags.end(), options_.flags.begin(), options_.flags.end());
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
  process_ = Launch(flags, ends[1], scratch_ / "log");
  close(ends[1]);
  std::string line = AwaitReadyLine(ends[0]);
  close(ends[0]);
  if (!line.starts_with("bookie ready:")) {
    Kill();
    throw std::runtime_error("the bookie did not start:\n" + log());
  }
  address_ = Between(line, "address");
  bookies_.clear();
  std::istringstream ids(Between(line, "bookies"));
  for (std::string id; std::getline(ids, id, ',');) {
    bookies_.push_back(protocol::FromHex<protocol::BookieId>(id).value());
  }
}

// What came up to the end of the line, the end of the process or the limit.
std::string BookieProcess::AwaitReadyLine(int out) {
  const auto deadline = Clock::now() + kReadyLimit;
  std::string text;
  while (text.find('\n') == std::string::npos) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd event{.fd = out, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || poll(&event, 1, static_cast<int>(left.count())) <= 0) break;
    char buffer[512];
    const ssize_t got = read(out, buffer, sizeof(buffer));
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

std::string BookieProcess::log() const {
  return Content(scratch_ / "log");
}

void BookieProcess::Kill() {
  if (process_ < 0) return;
  kill(process_, SIGKILL);
  Reap(std::exchange(process_, -1));
}

int BookieProcess::Term() {
  kill(process_, SIGTERM);
  return Reap(std::exchange(process_, -1));
}

void BookieProcess::Restart() {
  Start();
}
void BookieProcess::Stop() {
  kill(process_, SIGSTOP);
}
void BookieProcess::Cont() {
  kill(process_, SIGCONT);
}

BookieProcess::Exit BookieProcess::Run(const std::vector<std::string>& flags) {
  const fs::path scratch = MakeDirectory();
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const int code = Reap(Launch(flags, null, scratch / "log"));
  close(null);
  Exit exit{.code = code, .log = Content(scratch / "log")};
  fs::remove_all(scratch);
  return exit;
}

}  // namespace quire::testing
