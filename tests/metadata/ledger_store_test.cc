#include "metadata/ledger_store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <set>

#include "tests/metadata/ledger_store_fixture.h"

namespace quire::metadata {
namespace {

using common::Errc;
using common::Result;
using protocol::LedgerId;
using std::chrono::seconds;
using enum FaultyStore::Fault;

using LedgerStoreTest = LedgerStoreFixture;

TEST_F(LedgerStoreTest, CreatesWhatItReads) {
  const auto made = Create();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->value->id, LedgerId(1));
  EXPECT_EQ(made->version, Version{0});
  EXPECT_FALSE(made->value->key.is_nil());
  const auto read = Read(LedgerId(1));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read->value, *made->value);
  EXPECT_EQ(read->value->custom, SampleLedger().custom);
  EXPECT_EQ(LedgerStore::Path(LedgerId(0x2a)), "/ledgers/0000/0000/0000/002a");
}

TEST_F(LedgerStoreTest, RefusesAnUnsoundLedger) {
  auto ledger = SampleLedger();
  ledger.replication.ack_quorum = 3;
  const auto made =
      loop_.Await<VersionedLedger>([&](auto done) { ledgers_->Create(ledger, std::move(done)); });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Errc::kInvalidArgument);
}

TEST_F(LedgerStoreTest, SaysThatALedgerIsNotThere) {
  EXPECT_EQ(Read(LedgerId(77)).error().code(), Errc::kNoSuchLedger);
  EXPECT_EQ(Read(LedgerId(-1)).error().code(), Errc::kNoSuchLedger);
}

// A04, T-26: the answer to the create is lost, in every way it can be.
TEST_F(LedgerStoreTest, MakesOneLedgerWhenTheAnswerToACreateIsLost) {
  using Faults = std::deque<FaultyStore::Fault>;
  const std::vector<Faults> scripts = {{kAppliedAndLost},
                                       {kNotApplied},
                                       {kAppliedAfterwards},
                                       {kResent},
                                       {kNotApplied, kUnavailable, kAppliedAndLost}};
  std::int64_t id = 0;
  for (const Faults& script : scripts) {
    Script("/ledgers/", script);
    const auto made = Create();
    ASSERT_TRUE(made) << made.error().ToString();
    EXPECT_EQ(made->value->id, LedgerId(++id));
    loop_.Run([this] {
      EXPECT_TRUE(faulty_->script_done());
      faulty_->ApplyLate();
    });
    EXPECT_EQ(*Read(LedgerId(id))->value, *made->value);
  }
  EXPECT_EQ(List(LedgerId(-1), 100)->size(), scripts.size());
}

// T-26: the lost create arrives between the read that did not see it and the second create.
TEST_F(LedgerStoreTest, RecognisesItsOwnLateCreate) {
  Script("/ledgers/", {kAppliedAfterwards, kNone});
  loop_.Run(
      [this] { faulty_->BeforeRead([this] { loop_.Post([this] { faulty_->ApplyLate(); }); }); });
  const auto made = Create();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->value->id, LedgerId(1));
  EXPECT_EQ(List(LedgerId(-1), 100)->size(), 1U);
}

TEST_F(LedgerStoreTest, TakesAnotherIdWhenAStrangerHasIt) {
  auto stranger = SampleLedger();
  stranger.id = LedgerId(1);
  ASSERT_TRUE(loop_.Await<Version>([&](auto done) {
    memory_->Create(LedgerStore::Path(LedgerId(1)), EncodeLedger(stranger), NodeKind::kPersistent,
                    std::move(done));
  }));
  // Our create under that id is even ambiguous: the key alone decides.
  Script("/ledgers/", {kNotApplied});
  const auto made = Create();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->value->id, LedgerId(2));
  EXPECT_EQ(*Read(LedgerId(1))->value, stranger);
}

TEST_F(LedgerStoreTest, FailsACreateAtOnceWhenNothingWasSent) {
  Script("/ledgers/", {kUnavailable});
  EXPECT_EQ(Create().error().code(), Errc::kMetadataUnavailable);
  EXPECT_TRUE(List(LedgerId(-1), 100)->empty());
}

TEST_F(LedgerStoreTest, NeverGivesAnIdTwice) {
  std::set<LedgerId> ids;
  const std::vector<FaultyStore::Fault> faults = {kNone, kAppliedAndLost, kNotApplied,
                                                  kAppliedAfterwards, kResent};
  for (std::size_t i = 0; i < 50; ++i) {
    // The fault is to meet a swap of the newest version, not one that loses anyway.
    const auto before = Create();
    ASSERT_TRUE(before);
    EXPECT_TRUE(ids.insert(before->value->id).second);
    Script("/ids", {faults[i % faults.size()]});
    // Every second time, what was held back arrives while the creation goes on.
    const auto made = loop_.Await<VersionedLedger>([&](auto done) {
      ledgers_->Create(SampleLedger(), std::move(done));
      if (i % 2 == 0) loop_.Post([this] { faulty_->ApplyLate(); });
    });
    ASSERT_TRUE(made) << made.error().ToString();
    EXPECT_TRUE(ids.insert(made->value->id).second);
    // Deleted and purged, so that no record is in the way of a second use (T-31).
    ASSERT_TRUE(MarkDeleted(made->value->id));
    ASSERT_TRUE(loop_.Await<void>(
        [&](auto done) { ledgers_->Purge(made->value->id, Version{1}, std::move(done)); }));
    const auto theirs = loop_.Await<VersionedLedger>(
        [&](auto done) { other_->Create(SampleLedger(), std::move(done)); });
    ASSERT_TRUE(theirs);
    EXPECT_TRUE(ids.insert(theirs->value->id).second);
  }
}

TEST_F(LedgerStoreTest, CreatesManyAtOnceUnderDifferentIds) {
  constexpr int kCount = 50;
  std::promise<void> all;
  std::set<LedgerId> ids;
  loop_.Run([&] {
    for (int i = 0; i < kCount; ++i) {
      (i % 2 == 0 ? *ledgers_ : *other_).Create(SampleLedger(), [&](Result<VersionedLedger> made) {
        ASSERT_TRUE(made);
        ids.insert(made->value->id);
        if (ids.size() == kCount) all.set_value();
      });
    }
  });
  ASSERT_EQ(all.get_future().wait_for(seconds(30)), std::future_status::ready);
}

TEST_F(LedgerStoreTest, DeletesInTwoSteps) {
  const auto made = Create();
  const LedgerId id = made->value->id;
  EXPECT_EQ(
      loop_.Await<void>([&](auto done) { ledgers_->Purge(id, made->version, std::move(done)); })
          .error()
          .code(),
      Errc::kInvalidArgument);
  Script("/ledgers/", {kAppliedAndLost});
  ASSERT_TRUE(MarkDeleted(id));
  ASSERT_TRUE(MarkDeleted(id));
  EXPECT_EQ(Read(id).error().code(), Errc::kNoSuchLedger);
  const auto record = loop_.Await<VersionedLedger>(
      [&](auto done) { ledgers_->ReadEvenDeleted(id, std::move(done)); });
  ASSERT_TRUE(record);
  EXPECT_EQ(record->value->state, LedgerState::kDeleted);
  EXPECT_EQ(record->value->deleted_ms, 5);
  EXPECT_EQ(record->value->segments, made->value->segments);
  EXPECT_EQ(Update(*made, Claim()).error().code(), Errc::kNoSuchLedger);
  EXPECT_EQ(List(LedgerId(-1), 9)->size(), 1U);

  const auto purge = [&](Version version) {
    return loop_.Await<void>([&](auto done) { ledgers_->Purge(id, version, std::move(done)); });
  };
  EXPECT_EQ(purge(Version{0}).error().code(), Errc::kBadVersion);
  ASSERT_TRUE(purge(record->version));
  ASSERT_TRUE(purge(record->version));
  EXPECT_TRUE(List(LedgerId(-1), 9)->empty());
  EXPECT_EQ(Update(*made, Claim()).error().code(), Errc::kNoSuchLedger);
  ASSERT_TRUE(MarkDeleted(id));
}

TEST_F(LedgerStoreTest, ListsIdsInOrderAcrossTheLevels) {
  const std::vector<std::int64_t> ids = {
      0, 1, 9, 0xffff, 0x10000, 0x1ffff, 0xffffffff, 0x100000000, 0x7fffffffffff0000, INT64_MAX};
  auto ledger = SampleLedger();
  for (const std::int64_t id : ids) {
    ledger.id = LedgerId(id);
    ASSERT_TRUE(loop_.Await<Version>([&](auto done) {
      memory_->Create(LedgerStore::Path(ledger.id), EncodeLedger(ledger), NodeKind::kPersistent,
                      std::move(done));
    }));
  }
  for (const std::size_t limit : {1U, 3U, 100U}) {
    std::vector<std::int64_t> found;
    LedgerId after(-1);
    for (;;) {
      const auto page = List(after, limit);
      ASSERT_TRUE(page);
      ASSERT_LE(page->size(), limit);
      if (page->empty()) break;
      for (const LedgerId id : *page) found.push_back(id.value());
      after = page->back();
    }
    EXPECT_EQ(found, ids) << "pages of " << limit;
  }
}

// H06, T-29: levels that are empty or gone are no end of the list.
TEST_F(LedgerStoreTest, ListsOverEmptyLevels) {
  auto ledger = SampleLedger();
  ledger.id = LedgerId(0x500000001);
  for (const std::string& path :
       {std::string("/ledgers/0000/0000/0001"), std::string("/ledgers/0000/0003"),
        LedgerStore::Path(ledger.id), std::string("/ledgers/7fff")}) {
    ASSERT_TRUE(loop_.Await<Version>(
        [&](auto done) { memory_->Create(path, "", NodeKind::kPersistent, std::move(done)); }));
  }
  const auto page = List(LedgerId(0), 10);
  ASSERT_TRUE(page);
  EXPECT_EQ(*page, std::vector{ledger.id});
}

TEST_F(LedgerStoreTest, EndsEveryCallWhenItGoes) {
  const auto made = Create();
  int ended = 0;
  loop_.Run([&] {
    const auto count = [&](const auto& result) {
      EXPECT_EQ(result.error().code(), Errc::kShutdown);
      ++ended;
    };
    ledgers_->Create(SampleLedger(), count);
    ledgers_->Read(LedgerId(1), count);
    ledgers_->Update(*made, Claim(), seconds(1), count);
    ledgers_->List(LedgerId(0), 5, count);
    ledgers_->MarkDeleted(LedgerId(1), 1, seconds(1), count);
    ledgers_->Purge(LedgerId(1), Version{0}, count);
    ledgers_.reset();
    EXPECT_EQ(ended, 0);
  });
  loop_.Run([] {});
  loop_.Run([&] { EXPECT_EQ(ended, 6); });
}

TEST_F(LedgerStoreTest, HintsAtAChangeOfALedger) {
  const auto made = Create();
  std::promise<void> hinted;
  const auto watch = loop_.Run(
      [&] { return ledgers_->Watch(made->value->id, [&hinted] { hinted.set_value(); }); });
  ReplaceSlot(made->value->id);
  EXPECT_EQ(hinted.get_future().wait_for(seconds(10)), std::future_status::ready);
}

}  // namespace
}  // namespace quire::metadata
