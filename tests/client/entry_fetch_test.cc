#include "client/entry_fetch.h"

#include <numeric>

#include "client_fixture.h"

namespace quire::client {
namespace {

class EntryFetchTest : public ClientFixture {
 protected:
  using Outcome = std::optional<common::Result<std::vector<Entry>>>;

  void SetUp() override {
    Register(6);
    ledger = CreateLedger({3, 3, 2});
  }
  // Not run yet.
  std::shared_ptr<Outcome> Begin(std::vector<std::int64_t> ids, int preferred = 0) {
    std::vector<EntryId> entries;
    for (const auto id : ids) entries.emplace_back(id);
    auto outcome = std::make_shared<Outcome>();
    EntryFetch::Start(services, ledger, std::move(entries), preferred, [outcome](auto result) {
      EXPECT_FALSE(outcome->has_value()) << "called back twice";
      *outcome = std::move(result);
    });
    return outcome;
  }
  std::shared_ptr<Outcome> Fetch(std::vector<std::int64_t> ids, int preferred = 0) {
    auto outcome = Begin(std::move(ids), preferred);
    loop.RunFor(seconds(60));
    EXPECT_TRUE(outcome->has_value());
    EXPECT_EQ(loop.timers(), 0u);
    return outcome;
  }
  static void ExpectEntries(const Outcome& outcome, std::vector<std::int64_t> ids) {
    ASSERT_TRUE(outcome.has_value());
    ASSERT_TRUE(*outcome) << outcome->error().ToString();
    ASSERT_EQ((*outcome)->size(), ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ((**outcome)[i].id(), EntryId(ids[i]));
      EXPECT_EQ((**outcome)[i].payload(), "payload " + std::to_string(ids[i]));
    }
  }
  static Errc ErrorOf(const Outcome& outcome) { return outcome->error().code(); }
  std::size_t Reads(int bookie) {
    return bookies.at(B(static_cast<std::uint64_t>(bookie))).reads.size();
  }

  metadata::VersionedLedger ledger;
};

TEST_F(EntryFetchTest, OneBookieServesTheWholeBatchWhereItCan) {
  Store(ledger, 0, 9);
  ExpectEntries(*Fetch({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 1), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(Reads(0), 0u);
  EXPECT_EQ(Reads(1), 1u);
  EXPECT_EQ(Reads(2), 0u);
  EXPECT_FALSE(bookies.at(B(1)).reads.front().fence);  // T-42
}

TEST_F(EntryFetchTest, ManyEntriesAreAskedOfOneBookieAfterTheOther) {
  Store(ledger, 0, 999);
  std::vector<std::int64_t> ids(1000);
  std::iota(ids.begin(), ids.end(), 0);
  EXPECT_EQ(EntryFetch::CallsFor({3, 3, 2}, ids.size()), 4);
  ExpectEntries(*Fetch(ids, 1), ids);
  const auto parts_of = [this](std::uint64_t bookie) {
    std::vector<std::pair<EntryId, std::size_t>> parts;
    for (const auto& read : bookies.at(B(bookie)).reads) {
      parts.emplace_back(read.entries.front(), read.entries.size());
    }
    return parts;
  };
  using Parts = std::vector<std::pair<EntryId, std::size_t>>;
  EXPECT_EQ(parts_of(1), (Parts{{EntryId(0), 250}, {EntryId(750), 250}}));
  EXPECT_EQ(parts_of(2), (Parts{{EntryId(250), 250}}));
  EXPECT_EQ(parts_of(0), (Parts{{EntryId(500), 250}}));
}

TEST_F(EntryFetchTest, AStripedBatchAsksAsFewBookiesAsHoldIt) {
  ledger = CreateLedger({3, 2, 2});
  Store(ledger, 0, 8);
  ExpectEntries(*Fetch({0, 1, 2, 3, 4, 5, 6, 7, 8}), {0, 1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(Reads(0), 1u);
  EXPECT_EQ(Reads(1), 1u);
  EXPECT_EQ(Reads(2), 0u);
}

TEST_F(EntryFetchTest, AStripedBatchIsNotDividedFurther) {
  ledger = CreateLedger({3, 2, 2});
  Store(ledger, 0, 999);
  std::vector<std::int64_t> ids(1000);
  std::iota(ids.begin(), ids.end(), 0);
  ExpectEntries(*Fetch(ids), ids);
  EXPECT_EQ(Reads(0) + Reads(1) + Reads(2), 2U);
}

TEST_F(EntryFetchTest, ReadsAcrossSegments) {
  ledger = EditLedger(ledger, [](auto& value) { value.segments[EntryId(2)] = Bookies(3, 3); });
  Store(ledger, 0, 3);
  ExpectEntries(*Fetch({0, 1, 2, 3}), {0, 1, 2, 3});
  EXPECT_EQ(Reads(0), 1u);
  EXPECT_EQ(Reads(3), 1u);
}

TEST_F(EntryFetchTest, GoesToTheNextReplicaOnAnyKindOfFailure) {
  Store(ledger, 0, 0);
  for (const Code code : {Code::kTimeout, Code::kDisconnected, Code::kUnknown, Code::kBusy,
                          Code::kWrongBookie, Code::kExpired}) {
    bookies.at(B(0)).answer = code;
    ExpectEntries(*Fetch({0}), {0});
    loop.RunFor(seconds(11));  // until the failure is forgotten
  }
}

TEST_F(EntryFetchTest, ACopyThatIsNotTheEntryIsNotTaken) {
  Store(ledger, 0, 2);
  auto& liar = bookies.at(B(0)).entries;
  liar[EntryId(0)].back() ^= 1;
  liar[EntryId(1)] = Encoded(ledger.value->id, 2);
  liar[EntryId(2)] = Encoded(protocol::LedgerId(99), 2);
  ExpectEntries(*Fetch({0, 1, 2}), {0, 1, 2});
  EXPECT_EQ(Reads(0), 1u);
  EXPECT_EQ(Reads(1), 1u);
}

TEST_F(EntryFetchTest, ADenialIsNotTheEndWhileOthersMayHaveIt) {
  Store(ledger, 0, 1);
  bookies.at(B(0)).entries.clear();
  bookies.at(B(1)).entries.erase(EntryId(1));
  ExpectEntries(*Fetch({0, 1}), {0, 1});
}

TEST_F(EntryFetchTest, AsksAgainForWhatAReplyHadNoRoomFor) {
  Store(ledger, 0, 9);
  bookies.at(B(0)).reply_entries = 4;
  ExpectEntries(*Fetch({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(Reads(0), 3u);
  EXPECT_EQ(Reads(1), 0u);
}

TEST_F(EntryFetchTest, AnEmptyReplyIsAFailureAndNotAnEnd) {
  Store(ledger, 0, 3);
  bookies.at(B(0)).reply_entries = 0;
  ExpectEntries(*Fetch({0, 1, 2, 3}), {0, 1, 2, 3});
}

TEST_F(EntryFetchTest, ASlowReplicaIsHedged) {
  Store(ledger, 0, 0);
  bookies.at(B(0)).delay = seconds(4);
  const auto outcome = Begin({0});
  loop.RunFor(milliseconds(200));
  EXPECT_EQ(Reads(1), 0u);
  loop.RunFor(milliseconds(200));
  ExpectEntries(*outcome, {0});
  loop.RunFor(seconds(10));  // the late answer changes nothing
  EXPECT_EQ(Reads(2), 0u);
}

TEST_F(EntryFetchTest, AHangingReplicaIsAvoidedNextTime) {
  Store(ledger, 0, 0);
  bookies.at(B(0)).hangs = true;
  ExpectEntries(*Fetch({0}), {0});
  bookies.at(B(0)).reads.clear();
  placement.NoteFailure(B(0));
  ExpectEntries(*Fetch({0}), {0});
  EXPECT_EQ(Reads(0), 0u);
}

// E: the alarm, and only when every replica is certain.
TEST_F(EntryFetchTest, ADenialByAllIsDataLoss) {
  EXPECT_EQ(ErrorOf(*Fetch({0})), Errc::kDataLoss);
  EXPECT_EQ(Reads(0), 2u);  // once more after the metadata was read again
}

TEST_F(EntryFetchTest, OneThatCannotSayMakesItAReadFailure) {
  for (const Code code : {Code::kTimeout, Code::kUnknown, Code::kBusy}) {
    bookies.at(B(1)).answer = code;
    EXPECT_EQ(ErrorOf(*Fetch({0})), Errc::kReadFailed);
  }
  bookies.at(B(1)).answer.reset();
  bookies.at(B(1)).entries[EntryId(0)] = "garbage";
  EXPECT_EQ(ErrorOf(*Fetch({0})), Errc::kReadFailed);
}

TEST_F(EntryFetchTest, WhenAllHaveNoTimeItWaitsAsLongAsTheyAsk) {  // L03
  Store(ledger, 0, 1);
  for (std::uint64_t i = 0; i < 3; ++i) {
    bookies.at(B(i)).answer = Code::kBusy;
    bookies.at(B(i)).retry_after_ms = 200 + 100 * static_cast<std::int32_t>(i);
  }
  const auto outcome = Begin({0, 1});
  loop.RunFor(milliseconds(399));
  EXPECT_FALSE(outcome->has_value());
  EXPECT_EQ(Reads(0) + Reads(1) + Reads(2), 3u) << "each was asked once";
  for (std::uint64_t i = 0; i < 3; ++i) bookies.at(B(i)).answer.reset();
  loop.RunFor(milliseconds(110));
  ExpectEntries(*outcome, {0, 1});
  EXPECT_EQ(loop.timers(), 0u);
}

TEST_F(EntryFetchTest, ABusyReplicaIsNoReasonToWaitWhenAnotherHasTime) {
  Store(ledger, 0, 0);
  bookies.at(B(0)).answer = Code::kBusy;
  bookies.at(B(0)).retry_after_ms = 1000;
  const auto outcome = Begin({0});
  loop.RunFor(milliseconds(1));
  ExpectEntries(*outcome, {0});
}

TEST_F(EntryFetchTest, ReadsTheMetadataAgainWhenTheBookiesWereReplaced) {
  const auto stale = ledger;
  ledger = EditLedger(ledger, [](auto& value) {
    value.state = metadata::LedgerState::kClosed;
    value.last_entry = EntryId(3);
    value.length = 40;
  });
  for (std::size_t slot = 0; slot < 3; ++slot) {
    ledger =
        EditLedger(ledger, [slot](auto& value) { value.segments[EntryId(0)][slot] = B(3 + slot); });
  }
  Store(ledger, 0, 3);
  for (int i = 0; i < 3; ++i)
    bookies.at(B(static_cast<std::uint64_t>(i))).answer = Code::kDisconnected;
  ledger = stale;
  ExpectEntries(*Fetch({0, 1, 2, 3}), {0, 1, 2, 3});
}

// While the metadata is being read again, an answer for another entry must not end the fetch.
TEST_F(EntryFetchTest, WaitsForTheMetadataEvenIfOtherAnswersCome) {
  ledger = EditLedger(ledger, [](auto& value) { value.segments[EntryId(1)] = Bookies(3, 3); });
  Store(ledger, 0, 1);
  const auto stale = ledger;
  EditLedger(ledger, [](auto& value) { value.segments[EntryId(0)][2] = B(4); });
  bookies.at(B(4)).entries[EntryId(0)] = Encoded(ledger.value->id, 0);
  for (int i = 0; i < 3; ++i)
    bookies.at(B(static_cast<std::uint64_t>(i))).answer = Code::kDisconnected;
  // Entry 1 is answered at its third replica, in the turn in which entry 0 has run out of them.
  bookies.at(B(3)).reply_entries = bookies.at(B(5)).reply_entries = 0;
  ledger = stale;
  ExpectEntries(*Fetch({0, 1}, 2), {0, 1});
}

// What a bookie that was replaced could not say is of no weight once all who are named now deny it.
TEST_F(EntryFetchTest, OnlyTheBookiesOfTheNewestMetadataDecide) {
  ledger = EditLedger(ledger, [](auto& value) { value.segments[EntryId(1)] = Bookies(0, 3); });
  const auto stale = ledger;
  EditLedger(ledger, [](auto& value) { value.segments[EntryId(0)][1] = B(5); });
  bookies.at(B(1)).answer = Code::kUnknown;
  ledger = stale;
  EXPECT_EQ(ErrorOf(*Fetch({0})), Errc::kDataLoss);
}

TEST_F(EntryFetchTest, ADeletedLedgerSaysSo) {
  EditLedger(ledger, [](auto& value) { value.state = metadata::LedgerState::kDeleted; });
  EXPECT_EQ(ErrorOf(*Fetch({0})), Errc::kNoSuchLedger);
}

}  // namespace
}  // namespace quire::client
