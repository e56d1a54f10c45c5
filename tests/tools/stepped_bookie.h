#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bookie/compactor.h"
#include "bookie/shard.h"
#include "common/posix_disk.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {

// A shard on a real directory, with its real journal and store, whose threads move when the test
// says so.
class SteppedBookieTest : public ::testing::Test {
 protected:
  static constexpr protocol::LedgerKey kKey{.high = 7, .low = 9};

  std::string At(const std::string& name) const { return path_ + "/" + name; }

  common::Result<void> TryOpen() {
    for (const char* folder : {"journal", "segments"}) {
      disks_.push_back(common::PosixDisk::Create(At(folder)).value());
    }
    worker_ = std::make_unique<StepWorker>();
    ShardOptions options;
    options.journal.file_bytes = 16 << 10;
    options.journal.spare_files = 0;
    options.store.index_path = At("index");
    options.store.may_begin = !begun_;
    options.store.quarantine.wall_seconds = [this] { return now_; };
    options.min_free_bytes = 0;
    shard_ = std::make_unique<Shard>(
        loop_, protocol::BookieId{.high = 1, .low = 2},
        ShardResources{.journal_disk = *disks_[disks_.size() - 2],
                       .store_disk = *disks_.back(),
                       .journal_worker = *worker_,
                       .flush_worker = *worker_,
                       .readers = {worker_.get()},
                       .compaction_worker = worker_.get(),
                       .new_ledger_id = [this] { return protocol::LedgerId(++last_id_); }},
        options, Log([](LogLevel, std::string_view) {}), Shard::Events{});
    QUIRE_TRY(shard_->Open(RealStorage()));
    begun_ = true;
    shard_->Start();
    return {};
  }
  void Open() {
    const auto opened = TryOpen();
    ASSERT_TRUE(opened) << opened.error().ToString();
  }
  void Settle() {
    while (loop_.Step() || worker_->Step()) {
    }
  }
  void Kill() {
    shard_.reset();
    Settle();
  }
  void Stop() {
    bool stopped = false;
    shard_->Stop([&](const common::Result<void>& outcome) { stopped = outcome.has_value(); });
    Settle();
    ASSERT_TRUE(stopped);
    Kill();
  }

  protocol::Code AddOne(std::int64_t ledger, std::int64_t id, bool recovery = false) {
    const std::string bytes = MakeEntry(ledger, id);
    const protocol::Add add{.entry = bytes, .key = kKey, .recovery = recovery};
    protocol::Code code = protocol::Code::kTimeout;
    shard_->Add({&add, 1}, [&](const std::vector<protocol::Code>& got) { code = got.at(0); });
    Settle();
    return code;
  }
  void Add(std::int64_t ledger, std::int64_t first, std::int64_t count) {
    for (std::int64_t id = first; id < first + count; ++id) {
      ASSERT_EQ(AddOne(ledger, id), protocol::Code::kOk);
    }
  }
  protocol::Code ReadOne(std::int64_t ledger, std::int64_t id) {
    protocol::ReadReply reply;
    protocol::ReadRequest request;
    request.ledger = protocol::LedgerId(ledger);
    request.entries = {protocol::EntryId(id)};
    shard_->Read(std::move(request), [&](protocol::ReadReply got) { reply = std::move(got); });
    Settle();
    if (reply.code != protocol::Code::kOk) return reply.code;
    const auto& answer = reply.answers.at(0);
    if (answer.code == protocol::Code::kOk) EXPECT_EQ(answer.bytes, MakeEntry(ledger, id));
    return answer.code;
  }

  void Compact() {
    shard_->compactor()->Trigger();
    do {
      loop_.FireTimers();
      Settle();
    } while (shard_->compactor()->stats().running);
  }

  TempDirectory scratch_;
  const std::string path_ = scratch_.path();
  std::int64_t now_ = 1'000'000;  // seconds since 1970
  std::int64_t last_id_ = 1000;
  bool begun_ = false;
  std::vector<std::unique_ptr<common::PosixDisk>> disks_;
  StepLoop loop_;
  std::unique_ptr<StepWorker> worker_;
  std::unique_ptr<Shard> shard_;
};

}  // namespace quire::bookie
