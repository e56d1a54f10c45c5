#include "client/writer.h"

#include "client_fixture.h"

namespace quire::client {
namespace {

class WriterTest : public ClientFixture {
 protected:
  struct Called {
    Outcome outcome;
    EntryId entry;
    std::optional<Errc> error;
  };

  void SetUp() override {
    Register(6);
    Begin({3, 3, 2});
  }
  void Begin(const protocol::Replication& replication) {
    writer = std::make_shared<Writer>(services, CreateLedger(replication));
  }
  static std::string Room(std::size_t size = 10) {
    return std::string(protocol::kEntryOverheadBytes + size, 'w');
  }
  AppendCallback Note() {
    return [this](AppendResult result) {
      const auto error = result.ok() ? std::nullopt : std::optional(result.error().code());
      calls.push_back({result.outcome(), result.entry(), error});
    };
  }
  void Append(int count) {
    for (int i = 0; i < count; ++i) writer->Append(Room(), Note());
  }
  void Close() {
    writer->Close([this](auto result) {
      closes.push_back(result ? std::nullopt : std::optional(result.error().code()));
    });
  }
  void ExpectAcked(int count) {
    ASSERT_EQ(calls.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(calls[static_cast<std::size_t>(i)].outcome, Outcome::kOk);
      EXPECT_EQ(calls[static_cast<std::size_t>(i)].entry, EntryId(i));
    }
  }
  metadata::LedgerMetadata Stored() { return *ReadLedger(writer->id()).value; }

  std::shared_ptr<Writer> writer;
  std::vector<Called> calls;
  std::vector<std::optional<Errc>> closes;
};

// A01, A07
TEST_F(WriterTest, CallsBackOnceAndInOrder) {
  bookies.at(B(0)).delay = milliseconds(3);
  bookies.at(B(2)).delay = milliseconds(1);
  Append(20);
  EXPECT_TRUE(calls.empty());
  loop.RunFor(seconds(1));
  ExpectAcked(20);
  EXPECT_EQ(bookies.at(B(1)).entries.size(), 20u);
}

TEST_F(WriterTest, ClosesBehindWhatIsPending) {
  Append(5);
  Close();
  Close();
  writer->Append(Room(), Note());
  ASSERT_EQ(calls.size(), 1u);  // at once
  EXPECT_EQ(calls.front().outcome, Outcome::kFailed);
  EXPECT_EQ(calls.front().error, Errc::kLedgerClosed);
  calls.clear();
  loop.Run();
  ExpectAcked(5);
  EXPECT_EQ(closes, (std::vector<std::optional<Errc>>{std::nullopt, std::nullopt}));
  EXPECT_EQ(Stored().last_entry, EntryId(4));
  EXPECT_EQ(Stored().length, 50);
  Close();
  EXPECT_EQ(closes.size(), 3u);
}

// L03
TEST_F(WriterTest, ReplacesABookieThatTimesOutAndAcknowledgesAfterwards) {
  bookies.at(B(1)).hangs = true;
  Append(3);
  loop.RunFor(seconds(4));
  ExpectAcked(3);  // two of three have them
  loop.RunFor(seconds(2));
  EXPECT_EQ(Stored().segments.size(), 2u);
  EXPECT_EQ(std::ranges::count(Stored().LastEnsemble(), B(1)), 0);
  EXPECT_TRUE(placement.FailedRecently(B(1)));
  Append(1);
  loop.RunFor(milliseconds(10));
  ExpectAcked(4);
  const auto spare = Stored().LastEnsemble()[1];
  EXPECT_TRUE(bookies.at(spare).entries.contains(EntryId(3)));
}

// Two acks of three are there when the change ends: the entry is confirmed and still sent to the
// spare.
TEST_F(WriterTest, TheSpareGetsWhatIsConfirmedByTheChange) {
  bookies.at(B(1)).answer = Code::kDisconnected;
  Append(3);
  loop.RunFor(seconds(1));
  ExpectAcked(3);
  EXPECT_EQ(Stored().segments.size(), 1u);
  EXPECT_EQ(bookies.at(Stored().LastEnsemble()[1]).entries.size(), 3u);
}

// A late time-out of the bookie that was replaced says nothing of its successor.
TEST_F(WriterTest, LateFailuresDoNotSmearTheSpare) {
  Append(1);
  loop.Run();
  bookies.at(B(1)).hangs = true;
  Append(1);
  bookies.at(B(1)).hangs = false;
  bookies.at(B(1)).add_answer = Code::kReadOnly;
  Append(1);
  loop.Run();
  const auto spare = Stored().LastEnsemble()[1];
  EXPECT_NE(spare, B(1));
  loop.RunFor(seconds(6));  // now the time-out comes
  EXPECT_FALSE(placement.FailedRecently(spare));
  EXPECT_EQ(Stored().LastEnsemble()[1], spare);
}

TEST_F(WriterTest, AFenceIsNotABookieFailure) {
  bookies.Fence(B(1));
  Append(3);
  Close();
  loop.RunFor(seconds(1));
  ASSERT_EQ(calls.size(), 3u);
  for (const auto& call : calls) EXPECT_EQ(call.outcome, Outcome::kUnknown);
  EXPECT_EQ(calls.front().error, Errc::kFenced);
  EXPECT_EQ(closes, (std::vector<std::optional<Errc>>{Errc::kFenced}));
  EXPECT_FALSE(placement.FailedRecently(B(1)));
  EXPECT_EQ(Stored().state, metadata::LedgerState::kOpen);
  Append(1);
  EXPECT_EQ(calls.back().outcome, Outcome::kFailed);
}

TEST_F(WriterTest, ABusyBookieIsAskedAgainAfterAPause) {
  bookies.at(B(1)).add_answer = Code::kBusy;
  bookies.at(B(2)).hangs = true;
  Append(10);
  loop.RunFor(milliseconds(500));
  EXPECT_TRUE(calls.empty());
  bookies.at(B(1)).add_answer.reset();
  loop.RunFor(milliseconds(500));
  ExpectAcked(10);
  EXPECT_EQ(Stored().segments.size(), 1u);
}

TEST_F(WriterTest, ABusyBookieIsLeftAloneForAsLongAsItAsks) {  // L03
  auto& busy = bookies.at(B(1));
  busy.add_answer = Code::kBusy;
  busy.retry_after_ms = 400;
  bookies.at(B(2)).hangs = true;
  Append(10);
  loop.RunFor(milliseconds(399));
  EXPECT_EQ(busy.adds.size(), 10u) << "not asked again yet";
  busy.adds.clear();
  busy.add_answer.reset();
  loop.RunFor(milliseconds(110));  // and up to a quarter more
  ExpectAcked(10);
  ASSERT_EQ(busy.adds.size(), 10u);
  EXPECT_TRUE(std::ranges::is_sorted(busy.adds)) << "in order: a look-up each, else";
}

// Degraded: nobody is left to take the place, then the bookie returns.
TEST_F(WriterTest, GoesOnWithoutASpareAndTakesTheBookieBack) {
  Begin({6, 6, 4});
  bookies.at(B(5)).answer = Code::kDisconnected;
  Append(2);
  loop.RunFor(milliseconds(100));
  ExpectAcked(2);
  bookies.at(B(5)).answer.reset();
  loop.RunFor(seconds(3));
  Append(1);
  loop.RunFor(milliseconds(10));
  ExpectAcked(3);
  EXPECT_TRUE(bookies.at(B(5)).entries.contains(EntryId(2)));
}

TEST_F(WriterTest, ACallbackMayAppendAndClose) {
  std::function<void(AppendResult)> next = [&](AppendResult result) {
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.entry(), EntryId(static_cast<std::int64_t>(calls.size())));
    calls.push_back({result.outcome(), result.entry(), std::nullopt});
    if (calls.size() == 50) return Close();
    writer->Append(Room(), [&](AppendResult more) { next(std::move(more)); });
  };
  writer->Append(Room(), [&](AppendResult result) { next(std::move(result)); });
  loop.RunFor(seconds(1));
  EXPECT_EQ(calls.size(), 50u);
  EXPECT_EQ(closes, (std::vector<std::optional<Errc>>{std::nullopt}));
  EXPECT_EQ(Stored().last_entry, EntryId(49));
}

// Many are confirmed by one answer, and each callback appends: none runs inside another.
TEST_F(WriterTest, CallbacksDoNotNest) {
  int depth = 0;
  int count = 0;
  const auto append = [&] {
    writer->Append(Room(), [&](AppendResult result) {
      EXPECT_EQ(result.entry(), EntryId(count++));
      EXPECT_EQ(++depth, 1);
      Append(1);
      --depth;
    });
  };
  for (std::uint64_t i = 0; i < 3; ++i) bookies.at(B(i)).delay = milliseconds(5);
  append();
  for (std::uint64_t i = 0; i < 3; ++i) bookies.at(B(i)).delay = milliseconds(1);
  for (int i = 0; i < 9; ++i) append();
  loop.RunFor(seconds(1));
  EXPECT_EQ(count, 10);
  EXPECT_EQ(calls.size(), 10u);
}

// C01 of a client that goes away: unknown, once each, and the ledger stays open for a recovery.
TEST_F(WriterTest, AbandonEndsEverythingOnce) {
  Append(3);
  Close();
  writer->Abandon();
  ASSERT_EQ(calls.size(), 3u);
  for (const auto& call : calls) {
    EXPECT_EQ(call.outcome, Outcome::kUnknown);
    EXPECT_EQ(call.error, Errc::kShutdown);
  }
  EXPECT_EQ(closes, (std::vector<std::optional<Errc>>{Errc::kShutdown}));
  loop.RunFor(seconds(10));
  EXPECT_EQ(calls.size(), 3u);
  EXPECT_EQ(Stored().state, metadata::LedgerState::kOpen);
  Append(1);
  EXPECT_EQ(calls.back().outcome, Outcome::kFailed);
}

TEST_F(WriterTest, ACallbackMayAbandon) {
  writer->Append(Room(), [this](AppendResult result) {
    EXPECT_TRUE(result.ok());
    Append(1);
    writer->Abandon();
  });
  Append(2);
  loop.RunFor(seconds(1));
  ASSERT_EQ(calls.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(calls[i].entry, EntryId(static_cast<std::int64_t>(i) + 1));
  }
}

TEST_F(WriterTest, TheHandleLivesUntilItHasCalledBack) {
  Append(5);
  writer.reset();
  loop.RunFor(seconds(1));
  ExpectAcked(5);
  EXPECT_EQ(loop.timers(), 0u);
}

// E: the last entry of a burst becomes readable without another append.
TEST_F(WriterTest, ASilentWriterTellsItsLac) {
  Append(3);
  loop.Run();
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_TRUE(bookies.at(B(i)).told_lacs.empty());
  loop.RunFor(milliseconds(20));
  for (std::uint64_t i = 0; i < 3; ++i) {
    ASSERT_EQ(bookies.at(B(i)).told_lacs, std::vector{EntryId(2)});
  }
  loop.RunFor(seconds(10));
  EXPECT_EQ(bookies.at(B(0)).told_lacs.size(), 1u);  // once
  Append(1);
  loop.RunFor(seconds(1));
  EXPECT_EQ(bookies.at(B(0)).told_lacs.back(), EntryId(3));
}

TEST_F(WriterTest, ABusyWriterSendsNoExplicitLac) {
  for (int i = 0; i < 100; ++i) {
    Append(1);
    loop.RunFor(milliseconds(1));
  }
  EXPECT_LE(bookies.at(B(0)).told_lacs.size(), 20u);
  EXPECT_EQ(calls.size(), 100u);
}

// B07 through the driver: the metadata says so before any bookie does.
TEST_F(WriterTest, AnEnsembleChangeThatMeetsARecoveryStopsTheWriter) {
  Append(1);
  loop.Run();
  EditLedger(ReadLedger(writer->id()),
             [](auto& value) { value.state = metadata::LedgerState::kInRecovery; });
  bookies.at(B(0)).answer = Code::kDisconnected;
  Append(2);
  loop.RunFor(seconds(1));
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls.back().error, Errc::kFenced);
  EXPECT_EQ(Stored().state, metadata::LedgerState::kInRecovery);
}

}  // namespace
}  // namespace quire::client
