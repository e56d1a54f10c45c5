#include <gtest/gtest.h>

#include <map>
#include <set>

#include "bookie/store.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::LedgerId;

TEST(StoreCrashTest, ASegmentWithoutItsCommitLeavesNoTrace) {
  StoreHarness store;
  ASSERT_TRUE(store.Open());
  store.AddRange(1, 0, 9);
  store.StartFlush();  // the journal is not durable: the segment is written, the commit waits
  store.Settle();
  EXPECT_EQ(store.Segments().size(), 1U);
  ASSERT_TRUE(store.Reopen());
  EXPECT_TRUE(store.Segments().empty());
  EXPECT_EQ(store.store->stored(), 0U);
  EXPECT_EQ(store.ReadOne(1, 0), Code::kNoEntry);
  store.AddRange(1, 0, 9);
  ASSERT_TRUE(store.Flush());
  ASSERT_TRUE(store.Reopen());
  EXPECT_TRUE(store.HasAll(1, 0, 9));
}

// A journal in miniature: what was added or deleted under which LSN, for replay and for comparing.
class Workload {
 public:
  explicit Workload(StoreHarness& store) : store_(store) {}

  // Four flushes; the third and fourth carry deletions, which remove segments.
  bool Run() {
    AddAll(1, 0, 60);
    AddAll(2, 0, 20);
    if (!Flush()) return false;
    AddAll(1, 60, 90);
    AddAll(3, 10, 20);
    if (!Flush()) return false;
    AddAll(3, 0, 10);
    Delete(1);
    if (!Flush()) return false;
    Delete(2);
    AddAll(4, 0, 5);
    return Flush();
  }

  // Brings back what the index does not cover, as the journal would.
  void Replay() {
    pending_.clear();
    for (Lsn lsn = store_.store->stored() + 1; lsn <= records_.size(); ++lsn) Apply(lsn);
  }

  bool Flush() {
    return store_.Flush({.lsn = records_.size(), .dropped = std::exchange(pending_, {})})
        .has_value();
  }

  // The store has exactly the entries that records up to `lsn` leave; others it denies.
  void Check(Lsn lsn) {
    std::set<std::int64_t> deleted;
    for (Lsn i = 1; i <= lsn; ++i) {
      if (records_[i - 1].entry < 0) deleted.insert(records_[i - 1].ledger);
    }
    for (Lsn i = 1; i <= records_.size(); ++i) {
      const auto [ledger, entry] = records_[i - 1];
      if (entry < 0) continue;
      const bool there = i <= lsn && !deleted.contains(ledger);
      ASSERT_EQ(store_.ReadOne(ledger, entry), there ? Code::kOk : Code::kNoEntry)
          << "ledger " << ledger << " entry " << entry << " LSN " << i << " of " << lsn;
    }
  }

  Lsn last() const { return records_.size(); }

 private:
  struct Record {
    std::int64_t ledger;
    std::int64_t entry;  // -1: the ledger was deleted
  };

  void AddAll(std::int64_t ledger, std::int64_t first, std::int64_t end) {
    for (std::int64_t id = first; id < end; ++id) Append({ledger, id});
  }
  void Delete(std::int64_t ledger) { Append({ledger, -1}); }
  void Append(Record record) {
    records_.push_back(record);
    Apply(records_.size());
  }
  void Apply(Lsn lsn) {
    const Record& record = records_[lsn - 1];
    if (record.entry < 0) {
      pending_.emplace_back(record.ledger);
    } else {
      store_.Add(record.ledger, record.entry);
    }
  }

  StoreHarness& store_;
  std::vector<Record> records_;
  std::vector<LedgerId> pending_;  // deleted, not yet flushed
};

// G14
TEST(StoreCrashTest, APowerCutAtAnyPointKeepsWhatWasCommitted) {
  bool survived = false;
  std::set<Lsn> seen;
  for (std::uint64_t point = 0; !survived; ++point) {
    ASSERT_LT(point, 200U);
    SCOPED_TRACE("power off after " + std::to_string(point) + " changes");
    StoreHarness store;
    ASSERT_TRUE(store.Open());
    Workload workload(store);
    store.disk.PowerOffAfter(point);
    survived = workload.Run();
    const Lsn acknowledged = store.store->stored();
    store.Close();
    common::Random random(point);
    store.disk.Crash(random);

    ASSERT_TRUE(store.Open());
    const Lsn stored = store.store->stored();
    seen.insert(stored);
    EXPECT_GE(stored, acknowledged);
    workload.Check(stored);
    EXPECT_EQ(store.Segments().size(), store.store->stats().segments);
    workload.Replay();
    ASSERT_TRUE(workload.Flush());
    workload.Check(workload.last());
    ASSERT_TRUE(store.Reopen());
    workload.Check(workload.last());
    EXPECT_EQ(store.Segments().size(), store.store->stats().segments);
  }
  EXPECT_EQ(seen.size(), 5U);  // nothing, and each of the four commits
}

}  // namespace
}  // namespace quire::bookie
