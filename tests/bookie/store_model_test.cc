#include <gtest/gtest.h>

#include <map>
#include <set>

#include "bookie/store.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using protocol::EntryId;
using protocol::EntryRun;
using protocol::LedgerId;

// The store against a map, with entries in any order over many flushes.
class StoreModelTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static constexpr std::size_t kPayload = 20;

  void SetUp() override { ASSERT_TRUE(store_.Open()); }

  void Add(std::int64_t ledger, std::int64_t entry) {
    if (!model_[ledger].insert(entry).second) return;
    store_.Add(ledger, entry, kPayload);
  }

  void Drop(std::int64_t ledger) {
    model_.erase(ledger);
    ++store_.lsn;
    ASSERT_TRUE(store_.Flush({.dropped = {LedgerId(ledger)}}));
  }

  // Single ids, present or not, and whole runs.
  void CheckSome(common::Random& random, int reads) {
    for (int i = 0; i < reads && !model_.empty(); ++i) {
      auto it = model_.begin();
      std::advance(it, static_cast<std::ptrdiff_t>(common::Below(random, model_.size())));
      const auto& [ledger, ids] = *it;
      if (ids.empty()) continue;
      StoreHarness::Ids asked;
      const auto span = static_cast<std::uint64_t>(*ids.rbegin() + 3);
      auto id = static_cast<std::int64_t>(common::Below(random, span));
      const bool row = common::Below(random, 2) == 0;
      for (int k = 0; k < 50; ++k) {
        asked.push_back(row ? id++ : static_cast<std::int64_t>(common::Below(random, span)));
      }
      CheckIds(ledger, asked);
    }
  }

  void CheckIds(std::int64_t ledger, const StoreHarness::Ids& asked) {
    const auto answers = store_.Read(ledger, asked);
    ASSERT_EQ(answers.size(), asked.size());
    for (std::size_t k = 0; k < asked.size(); ++k) {
      const bool there = model_[ledger].contains(asked[k]);
      ASSERT_EQ(answers[k].code, there ? Code::kOk : Code::kNoEntry)
          << "ledger " << ledger << " entry " << asked[k];
      if (there) ASSERT_EQ(answers[k].bytes, MakeEntry(ledger, asked[k], kPayload));
    }
  }

  void CheckAll() {
    for (const auto& [ledger, ids] : model_) {
      StoreHarness::Ids asked(ids.begin(), ids.end());
      CheckIds(ledger, asked);
      std::vector<EntryRun> runs;
      for (const std::int64_t id : ids) {
        if (!runs.empty() && runs.back().first.value() + runs.back().count == id) {
          ++runs.back().count;
        } else {
          runs.push_back({EntryId(id), 1});
        }
      }
      ASSERT_EQ(store_.List(ledger, 0, 1 << 20), runs);
    }
  }

  StoreHarness store_;
  std::map<std::int64_t, std::set<std::int64_t>> model_;
};

TEST_P(StoreModelTest, HundredThousandEntriesOfManyLedgers) {
  common::Random random(GetParam());
  std::map<std::int64_t, std::int64_t> next;
  for (int i = 0; i < 100'000; ++i) {
    const auto ledger = static_cast<std::int64_t>(common::Below(random, 300));
    // Mostly ascending with gaps, as striping leaves them; now and then far back, as a repair adds.
    const bool back = common::Below(random, 20) == 0;
    std::int64_t& tail = next[ledger];
    if (back) {
      Add(ledger,
          static_cast<std::int64_t>(common::Below(random, static_cast<std::uint64_t>(tail) + 1)));
    } else {
      tail += 1 + static_cast<std::int64_t>(common::Below(random, 2));
      Add(ledger, tail);
    }
    if (i % 8000 == 7999) {
      ASSERT_TRUE(store_.Flush());
      CheckSome(random, 20);
    }
    if (i % 30'000 == 29'999) Drop(static_cast<std::int64_t>(common::Below(random, 300)));
    if (i == 60'000) {
      ASSERT_TRUE(store_.Flush());
      ASSERT_TRUE(store_.Reopen());
    }
  }
  CheckAll();
  ASSERT_TRUE(store_.Flush());
  CheckAll();
  ASSERT_TRUE(store_.Reopen());
  CheckAll();
  for (std::int64_t ledger = 0; ledger < 300; ++ledger) Drop(ledger);
  EXPECT_TRUE(store_.Segments().empty());
  EXPECT_EQ(store_.store->stats().live_bytes, 0U);
}

// H02
TEST_P(StoreModelTest, OneLedgerInRandomOrder) {
  common::Random random(GetParam());
  for (int flush = 0; flush < 10; ++flush) {
    for (int i = 0; i < 800; ++i) {
      Add(1, static_cast<std::int64_t>(common::Below(random, 12'000)));
      Add(2, 20'000 - flush * 1000 + i);  // blocks from the end towards the beginning
    }
    ASSERT_TRUE(store_.Flush());
    CheckAll();
  }
  Drop(1);
  CheckAll();
  Drop(2);
  EXPECT_TRUE(store_.Segments().empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, StoreModelTest, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace quire::bookie
