#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "bookie/compactor.h"
#include "bookie/store.h"
#include "common/posix_disk.h"
#include "common/random.h"
#include "common/worker.h"
#include "tests/bookie/store_fixture.h"
#include "tests/support/thread_loop.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

// Adds, reads, flushes, deletions and compactions at once, on real threads and a real directory.
// Lives on the loop.
class Traffic {
 public:
  static constexpr int kFlushes = 40;
  static constexpr int kReads = 4000;
  static constexpr std::int64_t kLedgers = 4;
  static constexpr std::int64_t kAddsPerTick = 5;
  static constexpr std::uint64_t kCompactions = 3;
  static constexpr std::size_t kKept = 3;

  Traffic(Store& store, common::Loop& loop) : store_(store), loop_(loop) {}

  void Start(std::promise<void> finished) {
    finished_ = std::move(finished);
    Tick();
  }

 private:
  void Tick() {
    for (std::int64_t i = 0; i < kAddsPerTick && !store_.Full(); ++i, ++next_) {
      for (std::int64_t ledger = base_; ledger < base_ + kLedgers; ++ledger) {
        store_.Add(LedgerId(ledger), EntryId(next_), MakeEntry(ledger, next_), Copies::kNone);
        store_.JournalDurable(++lsn_);
      }
    }
    while (in_flight_ < 16) Read();
    if (!store_.flushing()) Flush();
    Next();
  }

  void Read() {
    ++in_flight_;
    const std::int64_t generation = base_;
    const std::uint64_t which = common::Below(random_, kLedgers + kept_.size());
    const bool old = which >= kLedgers;
    const auto [ledger, entries] =
        old ? kept_[which - kLedgers] : std::pair(base_ + static_cast<std::int64_t>(which), next_);
    const auto first =
        static_cast<std::int64_t>(common::Below(random_, static_cast<std::uint64_t>(entries)));
    std::vector<EntryId> ids;
    for (std::int64_t id = first; id < std::min(entries, first + 8); ++id) ids.emplace_back(id);
    auto asked = ids;
    store_.Read(LedgerId(ledger), std::move(asked), 1 << 20,
                [this, generation, ledger, ids](std::vector<protocol::EntryAnswer> answers) {
                  --in_flight_;
                  ++reads_;
                  ASSERT_EQ(answers.size(), ids.size());
                  for (std::size_t i = 0; i < ids.size(); ++i) {
                    if (generation != base_ && answers[i].code == Code::kNoEntry)
                      continue;  // deleted
                    ASSERT_EQ(answers[i].code, Code::kOk) << ledger << " " << ids[i].value();
                    ASSERT_EQ(answers[i].bytes, MakeEntry(ledger, ids[i].value()));
                  }
                  Next();
                });
  }

  void Flush() {
    Store::Commit commit{.lsn = lsn_};
    if (++flushes_ % 5 == 0) {  // all ledgers but one go, others begin
      for (std::int64_t ledger = 1; ledger < kLedgers; ++ledger) {
        commit.dropped.emplace_back(base_ + ledger);
      }
      kept_.emplace_back(base_, next_);
      if (kept_.size() > kKept) {
        commit.dropped.emplace_back(kept_.front().first);
        kept_.pop_front();
      }
      base_ += kLedgers;
      next_ = 1;
      for (std::int64_t ledger = base_; ledger < base_ + kLedgers; ++ledger) {
        store_.Add(LedgerId(ledger), EntryId(0), MakeEntry(ledger, 0), Copies::kPerhaps);
        store_.JournalDurable(++lsn_);
      }
      commit.lsn = lsn_;
    }
    store_.Flush(std::move(commit), [this](common::Result<void> outcome) {
      ASSERT_TRUE(outcome) << outcome.error().ToString();
      Next();
    });
  }

  // One tick at a time, whoever asks for it; ends when nothing is under way.
  void Next() {
    const bool compacted = store_.compactor()->stats().rounds >= kCompactions;
    if (flushes_ < kFlushes || reads_ < kReads || !compacted) {
      if (!std::exchange(queued_, true)) {
        loop_.Post([this] {
          queued_ = false;
          Tick();
        });
      }
    } else if (in_flight_ == 0 && !store_.flushing() && !std::exchange(done_, true)) {
      finished_.set_value();
    }
  }

  Store& store_;
  common::Loop& loop_;
  common::Random random_{7};
  std::promise<void> finished_;
  std::int64_t base_ = 0;  // the ledgers in use are base_ .. base_ + kLedgers - 1
  std::int64_t next_ = 0;  // their next entry
  std::deque<std::pair<std::int64_t, std::int64_t>> kept_;  // older ledgers, and their entries
  Lsn lsn_ = 0;
  int in_flight_ = 0;
  int reads_ = 0;
  int flushes_ = 0;
  bool queued_ = false;
  bool done_ = false;
};

// H10
TEST(StoreRaceTest, ReadsAreRightWhileFlushesDeletionsAndCompactionsRun) {
  TempDirectory directory;
  auto disk = common::PosixDisk::Create(directory.path());
  ASSERT_TRUE(disk);
  testing::ThreadLoop loop;
  common::ThreadWorker flush("flush");
  common::ThreadWorker reader1("read-1");
  common::ThreadWorker reader2("read-2");
  common::ThreadWorker compaction("compact");
  auto store = Store::Open(
      **disk, loop, flush, {&reader1, &reader2},
      {.cache_bytes = 1 << 20,
       .index_path = directory.path() + "/index",
       .may_begin = true,
       .compaction = {
           .worker = &compaction, .step_bytes = 4096, .interval = std::chrono::milliseconds(1)}});
  ASSERT_TRUE(store) << store.error().ToString();
  Traffic traffic(**store, loop);
  std::promise<void> finished;
  auto finish = finished.get_future();
  loop.Run([&] {
    (*store)->compactor()->Start();
    traffic.Start(std::move(finished));
  });
  ASSERT_EQ(finish.wait_for(std::chrono::seconds(100)), std::future_status::ready);
  loop.Run([&] { store->reset(); });
}

TEST(StoreRaceTest, TheStoreMayGoWhileItsThreadsWork) {
  TempDirectory directory;
  auto disk = common::PosixDisk::Create(directory.path());
  ASSERT_TRUE(disk);
  for (int round = 0; round < 5; ++round) {
    testing::ThreadLoop loop;
    common::ThreadWorker flush("flush");
    common::ThreadWorker reader("read");
    auto store = Store::Open(**disk, loop, flush, {&reader},
                             {.index_path = directory.path() + "/index", .may_begin = round == 0});
    ASSERT_TRUE(store) << store.error().ToString();
    loop.Run([&] {
      for (std::int64_t id = 0; id < 1000; ++id) {
        (*store)->Add(LedgerId(round), EntryId(id), MakeEntry(round, id), Copies::kPerhaps);
      }
      (*store)->JournalDurable(1000);
      (*store)->Flush({.lsn = 1000}, [](const common::Result<void>&) {});
      for (int i = 0; i < 20; ++i) {
        (*store)->Read(LedgerId(0), {EntryId(i)}, 1, [](auto) {});
      }
    });
    loop.Run([&] { store->reset(); });
  }
}

}  // namespace
}  // namespace quire::bookie
