#include "tools/floor_path.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>

#include "tools/bench_ledgers.h"
#include "tools/child_process.h"
#include "tools/floor_socket.h"
#include "tools/floor_stream.h"
#include "tools/process_usage.h"

namespace quire::tools {

using common::Errc;
using common::Fail;
using common::FailErrno;
using common::Result;

namespace {

using Clock = std::chrono::steady_clock;

// What the slowest replica may lag behind: it bounds the memory.
constexpr std::uint64_t kMostUnsentBytes = 16 << 20;

struct Replica {
  ChildProcess process;
  FloorSocket socket;
  std::uint64_t sent = 0;  // bytes of the stream
  FloorAck acked = 0;
  std::string partial = {};  // bytes of an ack that is not whole
};

Result<Replica> StartReplica(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return FailErrno(error.value(), "create", directory);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return FailErrno(errno, "pipe for", directory);
  auto process = ChildProcess::Start({"/proc/self/exe", "bench", "floor-replica", directory},
                                     {.in = -1, .out = ends[1], .err = STDERR_FILENO});
  ::close(ends[1]);
  char said[16] = {};
  const ssize_t got = process ? ::read(ends[0], said, sizeof(said) - 1) : 0;
  ::close(ends[0]);
  if (!process) return Fail(std::move(process).error());
  if (got <= 0) return Fail(Errc::kIo, "a replica of the floor ended at its start");
  auto socket = FloorSocket::Connect(static_cast<int>(std::strtol(said, nullptr, 10)));
  if (!socket) return Fail(std::move(socket).error());
  return Replica{.process = *std::move(process), .socket = *std::move(socket)};
}

class Driver {
 public:
  Driver(std::vector<Replica>& replicas, const PathOptions& options)
      : replicas_(replicas),
        options_(options),
        payload_(Noise(static_cast<std::size_t>(options.entry_bytes))) {}

  // Appends until the time is over.
  Result<void> Run(double seconds) {
    const auto begin = Clock::now();
    for (auto now = begin; std::chrono::duration<double>(now - begin).count() < seconds;
         now = Clock::now()) {
      Produce(now);
      QUIRE_TRY(Send());
      QUIRE_TRY(Await());
      QUIRE_TRY(Receive());
      Confirm();
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - begin).count();
    return {};
  }

  void Forget() { nanoseconds_ = {}; }
  const Histogram& nanoseconds() const { return nanoseconds_; }
  double seconds() const { return seconds_; }

 private:
  std::uint64_t end() const { return base_ + stream_.size(); }
  std::uint64_t LeastSent() const {
    return std::ranges::min_element(replicas_, {}, &Replica::sent)->sent;
  }

  void Produce(Clock::time_point now) {
    while (begun_.size() < static_cast<std::size_t>(options_.window) &&
           end() - LeastSent() < kMostUnsentBytes) {
      AppendFloorEntry(stream_, ++last_, payload_);
      begun_.push_back(now);
    }
  }

  Result<void> Send() {
    for (Replica& replica : replicas_) {
      const auto offset = static_cast<std::size_t>(replica.sent - base_);
      if (offset == stream_.size()) continue;
      const auto sent = replica.socket.SendSome(std::string_view(stream_).substr(offset));
      if (!sent) return Fail(sent.error());
      replica.sent += *sent;
    }
    const std::uint64_t least = LeastSent();
    if (least == end() || least - base_ > kMostUnsentBytes) {
      stream_.erase(0, static_cast<std::size_t>(least - base_));
      base_ = least;
    }
    return {};
  }

  Result<void> Await() {
    std::vector<pollfd> wait;
    for (const Replica& replica : replicas_) {
      const bool more = replica.sent < end();
      wait.push_back({.fd = replica.socket.fd(),
                      .events = static_cast<short>(more ? POLLIN | POLLOUT : POLLIN),
                      .revents = 0});
    }
    if (::poll(wait.data(), wait.size(), 100) < 0 && errno != EINTR) {
      return FailErrno(errno, "poll", "replicas");
    }
    return {};
  }

  Result<void> Receive() {
    char buffer[4096];
    for (Replica& replica : replicas_) {
      const auto got = replica.socket.ReceiveSome(buffer, sizeof(buffer));
      if (!got) return Fail(got.error());
      if (!*got) continue;
      if (**got == 0) return Fail(Errc::kUnreachable, "a replica of the floor has ended");
      std::string& bytes = replica.partial.append(buffer, **got);
      const std::size_t whole = bytes.size() / sizeof(FloorAck) * sizeof(FloorAck);
      if (whole == 0) continue;
      std::memcpy(&replica.acked, bytes.data() + whole - sizeof(FloorAck), sizeof(FloorAck));
      bytes.erase(0, whole);
    }
    return {};
  }

  // An entry counts when enough replicas have it, and all before it.
  void Confirm() {
    std::vector<FloorAck> acked;
    for (const Replica& replica : replicas_) acked.push_back(replica.acked);
    std::ranges::sort(acked, std::greater());
    const FloorAck confirmed = acked[static_cast<std::size_t>(options_.acks - 1)];
    const auto now = Clock::now();
    for (; confirmed_ < confirmed; ++confirmed_) {
      nanoseconds_.Record(static_cast<std::uint64_t>((now - begun_.front()).count()));
      begun_.pop_front();
    }
  }

  std::vector<Replica>& replicas_;
  const PathOptions& options_;
  const std::string payload_;
  std::string stream_;  // of the entries, from byte base_ on
  std::uint64_t base_ = 0;
  std::uint64_t last_ = 0;  // entry that was made
  FloorAck confirmed_ = 0;
  std::deque<Clock::time_point> begun_;  // of the entries that are not confirmed
  Histogram nanoseconds_;
  double seconds_ = 0;
};

}  // namespace

Result<PathFloor> MeasurePath(const PathOptions& options) {
  std::vector<Replica> replicas;
  std::vector<NamedProcess> processes{{.name = "client", .pid = ::getpid()}};
  for (int i = 1; i <= options.replicas; ++i) {
    auto replica = StartReplica(options.directory + "/replica-" + std::to_string(i));
    if (!replica) return Fail(std::move(replica).error());
    processes.push_back({.name = "replica", .pid = replica->process.pid()});
    replicas.push_back(*std::move(replica));
  }
  Driver driver(replicas, options);
  QUIRE_TRY(driver.Run(std::min(1.0, options.seconds)));
  driver.Forget();
  const ProcessWatch watch(processes);
  QUIRE_TRY(driver.Run(options.seconds));
  const auto appends = static_cast<double>(driver.nanoseconds().count());
  PathFloor floor{.window = options.window,
                  .appends_per_second = appends / driver.seconds(),
                  .nanoseconds = driver.nanoseconds(),
                  .client_cpu_us = 0,
                  .replicas_cpu_us = 0};
  for (const ProcessShare& share : watch.Shares()) {
    double& cpu = share.process.name == "client" ? floor.client_cpu_us : floor.replicas_cpu_us;
    cpu += share.used.cpu_seconds * 1e6 / appends;
  }
  for (Replica& replica : replicas) replica.process.Stop(std::chrono::seconds(2));
  return floor;
}

}  // namespace quire::tools
