// Drives a real bookie process with far more than it takes, from many connections, some of which
// misbehave, and looks: does its memory stay within the budget, are those it lets in served in
// bounded time, does it recover when the load goes, is everything there that it acknowledged?
#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>
#include <thread>
#include <utility>

#include "bookie/loop_call.h"
#include "common/bytes.h"
#include "protocol/entry.h"
#include "protocol/limits.h"
#include "rpc/add_codec.h"
#include "rpc/message_codec.h"
#include "tests/overload/abuser.h"
#include "tests/overload/add_stream.h"
#include "tests/overload/read_stream.h"
#include "tests/support/process.h"

namespace quire::overload {
namespace {

using bookie::RunOn;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Flags {
  int memory_mb = 128;
  int seconds = 8;
  int writers = 48;
  int readers = 12;
  int stuck = 8;
  std::string directory;
};

constexpr double kMemoryFactor = 1.10;
constexpr double kOverload = 10;  // times what it takes
constexpr auto kTick = milliseconds(2);

class Overload {
 public:
  explicit Overload(const Flags& flags)
      : flags_(flags),
        directory_(flags.directory.empty() ? scratch_.path() : flags.directory),
        bookie_({QUIRE_OVERLOAD_BOOKIE, directory_ + "/data", std::to_string(flags.memory_mb)},
                {.bytes = "", .keep_open = true}) {}
  ~Overload() {
    RunOn(loop_, [this] {
      stopped_ = true;
      abusers_.clear();
      probe_.reset();
      readers_.clear();
      writers_.clear();
    });
  }

  int Run();

 private:
  void Calm(const char* name);
  double Capacity();
  void Storm(double bytes_per_second);
  void Recover();
  void ReadAllBack();
  void CheckMemory();
  void MakeAbusers(std::uint16_t port);

  void Tick();
  void Settle();
  double HighWaterMb() const { return HighWaterMbOf(bookie_.pid()); }
  void Violation(const std::string& what) {
    std::printf("VIOLATION: %s\n", what.c_str());
    failed_ = true;
  }

  const Flags flags_;
  const testing::ScratchDirectory scratch_;
  const std::string directory_;
  testing::Process bookie_;
  common::Random random_{42};
  rpc::AsioLoop loop_{"load"};
  Target target_;
  bool failed_ = false;
  // Loop thread.
  std::vector<std::shared_ptr<AddStream>> writers_;
  std::vector<std::shared_ptr<ReadStream>> readers_;
  std::shared_ptr<AddStream> probe_;
  std::vector<std::unique_ptr<Abuser>> abusers_;
  bool storm_ = false;
  bool stopped_ = false;
  double per_second_ = 0;  // adds to be offered
  common::TimePoint begun_;
  bool sent_some_ = true;  // in the last round of writers
  std::uint64_t offered_ = 0;
  std::uint64_t unsent_ = 0;  // offered, and not even sent: too much was without answer
};

int Overload::Run() {
  const bool ready =
      bookie_.Await([this] { return bookie_.out().find('\n') != std::string::npos; });
  std::istringstream line(bookie_.out());
  std::string id;
  line >> target_.address >> id;
  const auto bookie = protocol::FromHex<protocol::BookieId>(id);
  if (!ready || !bookie) {
    std::printf("the bookie did not start: %s\n", bookie_.err().c_str());
    return 1;
  }
  target_.bookie = *bookie;
  std::printf("budget %d MB; at rest %.1f MB\n", flags_.memory_mb, HighWaterMb());
  RunOn(loop_, [this] {
    probe_ = std::make_shared<AddStream>(loop_, random_, target_, protocol::LedgerId(1), false,
                                         std::size_t{1} << 20);
    for (int i = 0; i < flags_.writers; ++i) {
      writers_.push_back(std::make_shared<AddStream>(
          loop_, random_, target_, protocol::LedgerId(100 + i), true, std::size_t{4} << 20));
    }
    for (int i = 0; i < flags_.readers; ++i) {
      readers_.push_back(std::make_shared<ReadStream>(loop_, random_, target_, writers_, 32));
    }
  });
  Calm("unloaded");
  const double capacity = Capacity();
  Storm(capacity);
  Recover();
  Calm("afterwards");
  CheckMemory();
  ReadAllBack();
  CheckMemory();
  std::printf("%s\n", failed_ ? "FAILED" : "ok: within the budget, nothing lost");
  return failed_ ? 1 : 0;
}

// One add at a time, for a second: what an add takes.
void Overload::Calm(const char* name) {
  RunOn(loop_, [this] { probe_->latencies().Clear(); });
  const auto end = std::chrono::steady_clock::now() + seconds(1);
  while (std::chrono::steady_clock::now() < end) {
    const bool idle =
        RunOn(loop_, [this] { return probe_->outstanding() == 0 && probe_->Offer(); });
    if (!idle) std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  Settle();
  RunOn(loop_, [&] {
    Latencies& took = probe_->latencies();
    std::printf("%s: %zu adds one at a time, p50 %.2f ms, p99 %.2f ms\n", name, took.size(),
                took.At(0.5), took.At(0.99));
  });
}

// What it takes from a few writers who wait for their answers, in mixed adds a second.
double Overload::Capacity() {
  const auto begun = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begun < seconds(2)) {
    RunOn(loop_, [this] {
      for (int i = 0; i < 8; ++i) {
        while (writers_[static_cast<std::size_t>(i)]->outstanding() < 32 &&
               writers_[static_cast<std::size_t>(i)]->Offer()) {
        }
      }
    });
    std::this_thread::sleep_for(milliseconds(1));
  }
  Settle();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::size_t adds = 0;
  std::uint64_t bytes = 0;
  RunOn(loop_, [&] {
    for (const auto& writer : writers_) {
      adds += writer->acknowledged().size();
      bytes += writer->acknowledged_bytes();
    }
  });
  const double rate = static_cast<double>(adds) / took.count();
  std::printf("it takes %.0f mixed adds/s, %.1f MB/s\n", rate,
              static_cast<double>(bytes) / took.count() / 1e6);
  return rate;
}

// An open loop: the load does not wait for the bookie.
void Overload::Storm(double capacity) {
  const auto port =
      static_cast<std::uint16_t>(std::stoi(target_.address.substr(target_.address.rfind(':') + 1)));
  std::size_t before = 0;
  RunOn(loop_, [&] {
    MakeAbusers(port);
    for (const auto& writer : writers_) before += writer->acknowledged().size();
    probe_->latencies().Clear();
    for (const auto& writer : writers_) writer->latencies().Clear();
    per_second_ = capacity * kOverload;
    begun_ = loop_.Now();
    storm_ = true;
    Tick();
  });
  std::this_thread::sleep_for(seconds(flags_.seconds));
  RunOn(loop_, [&] {
    storm_ = false;
    abusers_.clear();
    std::size_t taken = 0;
    std::uint64_t busy = 0;
    std::uint64_t expired = 0;
    std::uint64_t other = 0;
    for (const auto& writer : writers_) {
      taken += writer->acknowledged().size();
      busy += writer->busy();
      expired += writer->expired();
      other += writer->other();
    }
    std::uint64_t read = 0;
    std::uint64_t refused = 0;
    for (const auto& reader : readers_) {
      read += reader->entries();
      refused += reader->refused();
    }
    std::printf(
        "storm of %d s: %llu adds offered, %llu of them not sent for want of answers, %zu taken; "
        "busy %llu, expired %llu, no answer %llu; %llu entries read, %llu reads refused\n",
        flags_.seconds, static_cast<unsigned long long>(offered_),
        static_cast<unsigned long long>(unsent_), taken - before,
        static_cast<unsigned long long>(busy), static_cast<unsigned long long>(expired),
        static_cast<unsigned long long>(other), static_cast<unsigned long long>(read),
        static_cast<unsigned long long>(refused));
    Latencies& small = probe_->latencies();
    std::printf("loaded: %zu small adds one at a time beside it, p50 %.1f ms, p99 %.1f ms\n",
                small.size(), small.At(0.5), small.At(0.99));
    if (small.size() == 0) Violation("nobody got in beside the storm");
    Latencies all;
    for (const auto& writer : writers_) {
      if (writer->latencies().size() > 0)
        all.Add(common::Duration(static_cast<std::int64_t>(writer->latencies().At(0.99) * 1e6)));
    }
    std::printf("p99 of the adds of a writer that were let in: median %.0f ms, worst %.0f ms\n",
                all.At(0.5), all.At(1));
  });
  std::printf("memory: high-water mark %.1f MB\n", HighWaterMb());
}

void Overload::Tick() {
  if (stopped_ || !storm_) return;
  const auto now = loop_.Now();
  const double due = per_second_ * std::chrono::duration<double>(now - begun_).count();
  for (bool room = true; static_cast<double>(offered_) < due; ++offered_) {
    // When a whole round of writers could send nothing, the rest of what is due cannot either.
    if (offered_ % writers_.size() == 0) room = std::exchange(sent_some_, false);
    const bool sent = room && writers_[offered_ % writers_.size()]->Offer();
    sent_some_ = sent_some_ || sent;
    if (!sent) ++unsent_;
  }
  sent_some_ = true;
  for (const auto& reader : readers_) {
    while (reader->Offer()) {
    }
  }
  if (probe_->outstanding() == 0) probe_->Offer();
  for (const auto& abuser : abusers_) abuser->Turn();
  loop_.After(kTick, [this] { Tick(); });
}

// Half a frame of four megabytes; reads whose answers nobody takes; a flood of adds that nobody
// waits for.
void Overload::MakeAbusers(std::uint16_t port) {
  std::string half(100'000, 'x');
  common::StoreBig(half.data(), static_cast<std::uint32_t>(protocol::kMaxFrameBytes));
  std::string deaf;
  protocol::ReadRequest request;
  request.bookie = target_.bookie;
  request.ledger = writers_[0]->ledger();
  for (const std::int64_t id : writers_[0]->acknowledged()) {
    if (request.entries.size() < 200) request.entries.emplace_back(id);
  }
  for (int i = 0; i < 100; ++i) rpc::AppendCall(deaf, i, request);
  std::string flood;
  for (int i = 0; i < 50; ++i) {
    rpc::AddFrame frame({}, i, target_.bookie, 0);
    frame.Append({.entry = EntryOf(protocol::LedgerId(2), 97 + 100 * i, true), .key = kKey});
    flood += std::move(frame).Seal();
  }
  for (int i = 0; i < flags_.stuck; ++i) {
    abusers_.push_back(std::make_unique<Abuser>(port, half));
    abusers_.push_back(std::make_unique<Abuser>(port, deaf));
    abusers_.push_back(std::make_unique<Abuser>(port, flood));
  }
}

// Waits until everything that was sent has its answer.
void Overload::Settle() {
  const auto limit = std::chrono::steady_clock::now() + seconds(60);
  while (std::chrono::steady_clock::now() < limit) {
    const std::size_t left = RunOn(loop_, [this] {
      std::size_t sum = probe_->outstanding();
      for (const auto& writer : writers_) sum += writer->outstanding();
      for (const auto& reader : readers_) sum += reader->outstanding();
      return sum;
    });
    if (left == 0) return;
    std::this_thread::sleep_for(milliseconds(1));
  }
  Violation("calls without any end");
}

void Overload::Recover() {
  const auto begun = std::chrono::steady_clock::now();
  const auto before = RunOn(loop_, [this] { return probe_->acknowledged().size(); });
  bool taken = false;
  while (!taken && std::chrono::steady_clock::now() - begun < seconds(60)) {
    taken = RunOn(loop_, [&] {
      if (probe_->outstanding() == 0) probe_->Offer();
      return probe_->acknowledged().size() > before + 1;
    });
    std::this_thread::sleep_for(milliseconds(1));
  }
  const std::chrono::duration<double, std::milli> first = std::chrono::steady_clock::now() - begun;
  if (!taken) Violation("no add is taken although the load is gone");
  Settle();
  const std::chrono::duration<double, std::milli> all = std::chrono::steady_clock::now() - begun;
  std::printf(
      "recovery: adds are taken after %.0f ms, all calls of the storm ended after %.0f ms\n",
      first.count(), all.count());
}

void Overload::ReadAllBack() {
  std::uint64_t checked = 0;
  std::uint64_t missing = 0;
  RunOn(loop_, [this] {
    for (const auto& reader : readers_) {
      if (reader->wrong() > 0) Violation("a reader saw an acknowledged entry missing or changed");
    }
    writers_.push_back(probe_);
  });
  std::unique_ptr<rpc::ConnectionPool> pool;
  const auto channel = RunOn(loop_, [&] {
    pool = std::make_unique<rpc::ConnectionPool>(loop_, random_, rpc::PoolOptions{});
    return pool->Get(target_.address);
  });
  for (const auto& writer : writers_) {
    const auto ids = writer->acknowledged();
    for (std::size_t at = 0; at < ids.size();) {
      protocol::ReadRequest request;
      request.bookie = target_.bookie;
      request.ledger = writer->ledger();
      for (std::size_t i = at; i < std::min(at + 64, ids.size()); ++i) {
        request.entries.emplace_back(ids[i]);
      }
      const auto reply = bookie::Await<protocol::ReadReply>(
          loop_, [&](auto done) { channel->Read(std::move(request), std::move(done)); });
      if (reply.code != protocol::Code::kOk || reply.answers.empty()) {
        Violation("reading back: " + std::string(protocol::CodeName(reply.code)));
        break;
      }
      for (std::size_t i = 0; i < reply.answers.size(); ++i) {
        ++checked;
        const auto& answer = reply.answers[i];
        const bool right = answer.code == protocol::Code::kOk &&
                           answer.bytes == EntryOf(writer->ledger(), ids[at + i], writer != probe_);
        if (!right) ++missing;
      }
      at += reply.answers.size();
    }
  }
  RunOn(loop_, [&] { writers_.pop_back(); });
  std::printf("%llu acknowledged entries read back, %llu missing or changed\n",
              static_cast<unsigned long long>(checked), static_cast<unsigned long long>(missing));
  if (missing > 0) Violation("acknowledged entries are lost");
  RunOn(loop_, [&] { pool.reset(); });
}

void Overload::CheckMemory() {
  const double most = HighWaterMb();
  const double allowed = kMemoryFactor * flags_.memory_mb;
  std::printf("memory: high-water mark %.1f MB, %.0f %% of the budget\n", most,
              100 * most / flags_.memory_mb);
  if (most == 0) Violation("the bookie is gone: " + bookie_.err());
  if (most > allowed) Violation("more memory than the budget allows");
}

}  // namespace
}  // namespace quire::overload

int main(int argc, char** argv) {
  quire::overload::Flags flags;
  CLI::App app{"Overloads a bookie and looks whether it keeps its bounds"};
  app.add_option("--memory-mb", flags.memory_mb, "budget of the bookie")
      ->check(CLI::Range(112, 65536));
  app.add_option("--seconds", flags.seconds, "of overload")->check(CLI::Range(1, 86400));
  app.add_option("--writers", flags.writers)->check(CLI::Range(8, 1000));
  app.add_option("--readers", flags.readers)->check(CLI::Range(1, 1000));
  app.add_option("--stuck", flags.stuck, "misbehaving peers of each of three kinds")
      ->check(CLI::Range(0, 100));
  app.add_option("--directory", flags.directory, "where the bookie writes; default: temporary");
  CLI11_PARSE(app, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return quire::overload::Overload(flags).Run();
}
