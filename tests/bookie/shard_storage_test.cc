#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bookie/index.h"
#include "bookie/offline_rebuild.h"
#include "bookie/shard.h"
#include "tests/bookie/all_ledgers.h"
#include "tests/bookie/store_fixture.h"
#include "tests/support/sim_disk.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;
using ::testing::Each;

constexpr protocol::LedgerKey kKey{.high = 7, .low = 9};

// A shard with its real journal and store, whose threads move when the test says so.
class ShardStorageTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    journal_worker_ = std::make_unique<StepWorker>();
    ShardOptions options;
    options.journal.file_bytes = 1 << 20;
    options.store.index_path = index_.path() + "/index";
    options.store.may_begin = !shard_;
    options.min_free_bytes = 0;
    shard_ =
        std::make_unique<Shard>(loop_, protocol::BookieId{.high = 1, .low = 2},
                                ShardResources{.journal_disk = journal_disk_,
                                               .store_disk = store_disk_,
                                               .journal_worker = *journal_worker_,
                                               .flush_worker = flush_worker_,
                                               .readers = {&readers_[0], &readers_[1]},
                                               .new_ledger_id = [] { return LedgerId(1000); }},
                                options, Log([](LogLevel, std::string_view) {}), Shard::Events{});
    const auto opened = shard_->Open(RealStorage());
    ASSERT_TRUE(opened) << opened.error().ToString();
    shard_->Start();
  }

  void Stop() {
    bool stopped = false;
    shard_->Stop([&](const common::Result<void>& outcome) { stopped = outcome.has_value(); });
    Settle();
    ASSERT_TRUE(stopped);
    shard_.reset();
  }
  // What is left to do goes with the process.
  void Kill() {
    shard_.reset();
    while (loop_.Step() || flush_worker_.Step() || readers_[0].Step() || readers_[1].Step()) {
    }
  }

  // All but the journal's thread, which hangs.
  void SettleWithoutJournal() {
    while (loop_.Step() || flush_worker_.Step() || readers_[0].Step() || readers_[1].Step()) {
    }
  }
  void Settle() {
    do {
      SettleWithoutJournal();
    } while (journal_worker_->Step());
  }

  std::shared_ptr<std::vector<Code>> Add(std::int64_t ledger, std::int64_t first,
                                         std::int64_t count) {
    auto codes = std::make_shared<std::vector<Code>>();
    for (std::int64_t id = first; id < first + count; ++id) Send(MakeEntry(ledger, id), codes);
    return codes;
  }
  void Send(const std::string& entry, const std::shared_ptr<std::vector<Code>>& codes,
            bool recovery = false) {
    const protocol::Add add{.entry = entry, .key = kKey, .recovery = recovery};
    shard_->Add({&add, 1}, [codes](const std::vector<Code>& got) {
      codes->insert(codes->end(), got.begin(), got.end());
    });
  }
  std::shared_ptr<protocol::ReadReply> Read(std::int64_t ledger, std::int64_t first,
                                            std::int64_t count, bool fence = false) {
    protocol::ReadRequest request;
    request.ledger = LedgerId(ledger);
    for (std::int64_t id = first; id < first + count; ++id) request.entries.emplace_back(id);
    request.fence = fence;
    if (fence) request.key = kKey;
    auto reply = std::make_shared<protocol::ReadReply>();
    reply->code = Code::kTimeout;  // no reply yet
    shard_->Read(std::move(request), [reply](protocol::ReadReply got) { *reply = std::move(got); });
    return reply;
  }

  testing::SimDisk journal_disk_;
  testing::SimDisk store_disk_;
  TempDirectory index_;
  StepLoop loop_;
  std::unique_ptr<StepWorker> journal_worker_;
  StepWorker flush_worker_;
  StepWorker readers_[2];
  std::unique_ptr<Shard> shard_;
};

// Reads take what they need from memory and segments; the journal's thread has no part in it. Only
// what promises something waits for it: adds, and reads that fence.
TEST_F(ShardStorageTest, ReadsDoNotWaitForAJournalThatHangs) {
  const auto stored = Add(1, 0, 10);
  Settle();
  EXPECT_THAT(*stored, Each(Code::kOk));
  Stop();
  Open();

  const auto hanging = Add(1, 10, 5);
  const auto fencing = Read(2, 0, 1, true);
  const auto segments = Read(1, 0, 10);
  const auto memory = Read(1, 10, 5);
  const auto both = Read(1, 5, 10);
  const auto none = Read(1, 99, 1);
  const auto stranger = Read(3, 0, 1);
  std::optional<protocol::LacReply> lac;
  shard_->Lac({.bookie = {}, .ledger = LedgerId(1), .key = {}},
              [&](protocol::LacReply reply) { lac = reply; });
  std::optional<protocol::ListEntriesReply> list;
  shard_->ListEntries({.bookie = {}, .ledger = LedgerId(1), .from = EntryId(0)},
                      [&](protocol::ListEntriesReply reply) { list = std::move(reply); });
  SettleWithoutJournal();

  EXPECT_TRUE(hanging->empty()) << "the journal hangs";
  EXPECT_EQ(fencing->code, Code::kTimeout) << "a fence promises something";
  for (const auto& reply : {segments, memory, both}) {
    ASSERT_EQ(reply->code, Code::kOk);
    for (const auto& answer : reply->answers) EXPECT_EQ(answer.code, Code::kOk);
  }
  ASSERT_EQ(both->answers.size(), 10U);
  EXPECT_EQ(both->answers.front().bytes, MakeEntry(1, 5));
  EXPECT_EQ(both->answers.back().bytes, MakeEntry(1, 14));
  ASSERT_EQ(none->answers.size(), 1U);
  EXPECT_EQ(none->answers.front().code, Code::kNoEntry);
  EXPECT_EQ(stranger->code, Code::kNoLedger);
  ASSERT_TRUE(lac);
  EXPECT_EQ(lac->code, Code::kOk);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->runs, (std::vector<protocol::EntryRun>{{EntryId(0), 15}}));

  Settle();
  EXPECT_EQ(hanging->size(), 5U);
  EXPECT_THAT(*hanging, Each(Code::kOk));
  EXPECT_EQ(fencing->code, Code::kOk);
}

// H17: the space of very many deleted ledgers is given back in one commit; none of them answers any
// more, also not after a restart, and their neighbours in the same segment do.
TEST_F(ShardStorageTest, H17ManyDeletedLedgersLeaveTheirNeighboursAlone) {
  constexpr std::int64_t kLedgers = 3000;
  for (std::int64_t ledger = 0; ledger < kLedgers; ++ledger) Add(ledger, 0, 3);
  Settle();
  Stop();
  Open();
  const auto live = [](std::int64_t ledger) { return ledger % 10 == 0; };
  const auto check = [&] {
    for (std::int64_t ledger = 0; ledger < kLedgers; ++ledger) {
      const auto reply = Read(ledger, 0, 3);
      SettleWithoutJournal();
      ASSERT_EQ(reply->code, live(ledger) ? Code::kOk : Code::kNoLedger) << ledger;
      if (live(ledger)) EXPECT_EQ(reply->answers.back().bytes, MakeEntry(ledger, 2));
    }
  };
  for (std::int64_t ledger = 0; ledger < kLedgers; ++ledger) {
    if (!live(ledger)) shard_->Drop(LedgerId(ledger));
  }
  check();  // at once, before anything of it is durable
  Settle();
  check();
  const std::uint64_t live_bytes = shard_->Snapshot().store.live_bytes;
  EXPECT_EQ(live_bytes, static_cast<std::uint64_t>(kLedgers / 10 * 3) *
                            (kRecordHeaderBytes + MakeEntry(0, 0).size()));
  Kill();
  Open();
  check();
  EXPECT_EQ(AllLedgers(*shard_, true).size(), kLedgers / 10 * 9U);
}

// Two copies of an entry are the same bytes. Here they are not, so that it can be seen which
// counts.
class ReplacedCopyTest : public ShardStorageTest {
 protected:
  static constexpr std::size_t kPayload = 60;  // of the copy that replaces the damaged one

  // Entry 4 of ten rots on the disk, and recovery brings it again.
  void Replace() {
    Add(1, 0, 10);
    Add(2, 0, 1);
    Settle();
    shard_->Drop(LedgerId(2));  // a flush, and the journal stays
    Settle();
    store_disk_.Flip(SegmentName(1),
                     kSegmentHeaderBytes + 4 * (kRecordHeaderBytes + MakeEntry(1, 4).size()) + 50);
    const auto damaged = Read(1, 0, 10);
    Settle();
    ASSERT_EQ(damaged->answers.at(4).code, Code::kUnknown);
    const auto codes = std::make_shared<std::vector<Code>>();
    Send(MakeEntry(1, 4, kPayload), codes, true);
    SettleWithoutJournal();
    EXPECT_TRUE(codes->empty()) << "it is not durable yet";
    Settle();
    ASSERT_EQ(*codes, std::vector{Code::kOk});
    Check();
  }
  void Check() {
    const auto reply = Read(1, 0, 10);
    Settle();
    ASSERT_EQ(reply->answers.size(), 10U);
    for (std::int64_t id = 0; id < 10; ++id) {
      EXPECT_EQ(reply->answers[static_cast<std::size_t>(id)].bytes,
                id == 4 ? MakeEntry(1, id, kPayload) : MakeEntry(1, id))
          << id;
    }
  }
  void MakeIndexAnew() {
    std::filesystem::remove_all(index_.path() + "/index");
    {
      const auto index = Index::Open(index_.path() + "/index", nullptr).value();
      const auto journal = ReadReplayable(journal_disk_).value();
      ASSERT_TRUE(IndexRebuild(store_disk_, index.get(), nullptr).Run(journal.stored, 0));
    }
    Open();
  }
  void CheckAfterFlush() {
    Check();
    Stop();
    Open();
    Check();
  }
};

TEST_F(ReplacedCopyTest, IsThereAfterAFlush) {
  Replace();
  CheckAfterFlush();
}

TEST_F(ReplacedCopyTest, ComesBackFromTheJournal) {
  Replace();
  Kill();
  Open();
  CheckAfterFlush();
  Kill();
  Open();
  Check();
}

// The journal has both copies still, and all of it is replayed once more.
TEST_F(ReplacedCopyTest, IsFoundByAnIndexThatIsMadeAnew) {
  Replace();
  Kill();
  ASSERT_EQ(ReadReplayable(journal_disk_).value().stored, 0U);
  MakeIndexAnew();
  CheckAfterFlush();
}

TEST_F(ReplacedCopyTest, IsFoundInItsSegmentByAnIndexThatIsMadeAnew) {
  Replace();
  Stop();
  MakeIndexAnew();
  CheckAfterFlush();
}

}  // namespace
}  // namespace quire::bookie
