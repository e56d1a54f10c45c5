#pragma once

#include <rocksdb/env.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bookie/ballast.h"
#include "bookie/shard.h"
#include "protocol/entry.h"
#include "tests/bookie/manual_loop.h"
#include "tests/support/sim_disk.h"

namespace quire::bookie {

// One bookie with its real journal and store on a disk in memory, and its index in an environment
// in memory: what the disk does is up to the test.
class DiskMachine {
 public:
  static constexpr protocol::LedgerKey kKey{.high = 7, .low = 9};
  static constexpr std::uint64_t kBallast = 256 << 10;

  DiskMachine() {
    options.journal.file_bytes = 64 << 10;
    options.journal.spare_files = 1;
    options.store.cache_bytes = 32 << 10;
    options.store.index_path = "/index";
    options.store.quarantine = {.keep = std::chrono::hours(24),
                                .wall_seconds = [this] { return wall_seconds; }};
    options.max_journal_bytes = 256 << 10;
    options.min_free_bytes = 128 << 10;
    options.ballast_bytes = kBallast;
    EmptyIndex();
  }
  ~DiskMachine() { Kill(); }
  DiskMachine(const DiskMachine&) = delete;
  DiskMachine& operator=(const DiskMachine&) = delete;

  void EmptyIndex() {
    Kill();
    env_.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  }

  common::Result<void> Open() {
    Kill();
    log.clear();
    options.store.index_env = env_.get();
    options.store.may_begin = !begun_;
    shard = std::make_unique<Shard>(
        loop, bookie,
        ShardResources{.journal_disk = disk,
                       .store_disk = disk,
                       .journal_worker = workers_[0],
                       .flush_worker = workers_[1],
                       .readers = {&workers_[2]},
                       .ballast_disk = &disk},
        options, Log([this](LogLevel, std::string_view line) { log += std::string(line) + "\n"; }),
        Shard::Events{});
    QUIRE_TRY(shard->Open(RealStorage()));
    begun_ = true;
    shard->Start();
    return {};
  }
  // As a crash of the process.
  void Kill() {
    shard.reset();
    loop.Drop();
    for (ManualWorker& worker : workers_) worker.Drop();
  }

  void Settle() {
    bool busy = true;
    while (busy) {
      busy = loop.RunOne();
      for (ManualWorker& worker : workers_) busy = worker.RunOne() || busy;
    }
  }
  // One look at the disk, and what it leads to, but for the jobs of the flush worker: they wait for
  // a flush that does not end. Gives how many there are.
  std::size_t LookBehindAFlush() {
    loop.Advance(options.space_interval);
    loop.RunAll();
    workers_[2].RunAll();
    loop.RunAll();
    return workers_[1].jobs();
  }
  // Long enough for a look at the disk and a retry of whatever waits for room.
  void Wait() {
    Settle();
    loop.Advance(options.space_interval);
    Settle();
    loop.Advance(options.flush_retry);
    Settle();
  }

  static std::string Entry(std::int64_t ledger, std::int64_t id, std::size_t size) {
    std::string bytes;
    protocol::EncodeEntry({.ledger = protocol::LedgerId(ledger), .entry = protocol::EntryId(id)},
                          std::string(size, static_cast<char>('a' + (ledger + id) % 26)), bytes);
    return bytes;
  }
  // Nothing: no answer came.
  std::optional<protocol::Code> Add(std::int64_t ledger, std::int64_t id, bool recovery = false,
                                    std::size_t size = 1000) {
    const auto code = std::make_shared<std::optional<protocol::Code>>();
    const std::string bytes = Entry(ledger, id, size);
    const std::array adds{protocol::Add{.entry = bytes, .key = kKey, .recovery = recovery}};
    shard->Add(adds, [code](const std::vector<protocol::Code>& codes) { *code = codes.front(); });
    Settle();
    return *code;
  }
  // Of the entry, or of the request when that failed as a whole.
  std::optional<protocol::Code> Read(std::int64_t ledger, std::int64_t id, bool fence = false) {
    protocol::ReadRequest request;
    request.ledger = protocol::LedgerId(ledger);
    request.entries = {protocol::EntryId(id)};
    request.fence = fence;
    if (fence) request.key = kKey;
    const auto reply = std::make_shared<std::optional<protocol::ReadReply>>();
    shard->Read(std::move(request), [reply](protocol::ReadReply got) { *reply = std::move(got); });
    Settle();
    if (!*reply) return std::nullopt;
    return (*reply)->code == protocol::Code::kOk ? (*reply)->answers.front().code : (*reply)->code;
  }
  // All of them, acknowledged, by the end.
  bool AddAll(std::int64_t ledger, std::int64_t first, std::int64_t last) {
    bool all = true;
    for (std::int64_t id = first; id <= last; ++id) all &= Add(ledger, id) == protocol::Code::kOk;
    return all;
  }
  bool HasAll(std::int64_t ledger, std::int64_t first, std::int64_t last) {
    bool all = true;
    for (std::int64_t id = first; id <= last; ++id) all &= Read(ledger, id) == protocol::Code::kOk;
    return all;
  }
  // The disk has so much room from now on.
  void LeaveFree(std::uint64_t bytes) {
    std::uint64_t used = 0;
    for (const std::string& name : disk.List().value()) used += disk.Contents(name).size();
    disk.set_capacity(used + bytes);
  }
  bool has_ballast() const { return disk.Contents(Ballast::kFileName).size() == kBallast; }
  // The name of the only file that begins with this, or the last of several.
  std::string FileLike(std::string_view prefix) const {
    std::string found;
    for (const std::string& name : disk.List().value()) {
      if (name.starts_with(prefix)) found = name;
    }
    return found;
  }

  testing::SimDisk disk;
  ManualLoop loop;
  ShardOptions options;
  protocol::BookieId bookie{.high = 1, .low = 2};
  std::int64_t wall_seconds = 1'000'000;
  std::string log;
  std::unique_ptr<Shard> shard;

 private:
  std::array<ManualWorker, 3> workers_;
  bool begun_ = false;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace quire::bookie
