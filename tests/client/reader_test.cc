#include "client/reader.h"

#include "client_fixture.h"

namespace quire::client {
namespace {

class ReaderTest : public ClientFixture {
 protected:
  struct Waited {
    int calls = 0;
    Progress progress;
    std::optional<Errc> error;
  };

  void SetUp() override {
    Register(8);
    ledger = CreateLedger({3, 3, 2});
    reader = std::make_shared<Reader>(services, ledger);
    reader->Start();
    loop.Run();
  }
  void TearDown() override { reader->Stop(); }

  std::shared_ptr<Waited> Wait(std::int64_t known, common::Duration at_most = seconds(1000)) {
    auto waited = std::make_shared<Waited>();
    reader->Wait(EntryId(known), at_most, [waited](auto result) {
      ++waited->calls;
      if (result)
        waited->progress = *result;
      else
        waited->error = result.error().code();
    });
    return waited;
  }
  std::int64_t ReadLac() {
    std::int64_t lac = -100;
    reader->ReadLac([&](auto progress) {
      if (progress) lac = progress->lac.value();
    });
    loop.RunFor(seconds(10));
    return lac;
  }
  void Close(std::int64_t last) {
    ledger = EditLedger(ledger, [last](auto& value) {
      value.state = metadata::LedgerState::kClosed;
      value.last_entry = EntryId(last);
      value.length = (last + 1) * 10;
    });
  }
  std::size_t Lacs() {
    std::size_t count = 0;
    for (std::uint64_t i = 0; i < 8; ++i) count += bookies.at(B(i)).lacs.size();
    return count;
  }
  std::optional<Errc> ReadError(std::int64_t first, std::int64_t last) {
    std::optional<Errc> error;
    reader->Read(EntryId(first), EntryId(last), [&](auto entries) {
      if (!entries) error = entries.error().code();
    });
    loop.RunFor(seconds(10));
    return error;
  }

  metadata::VersionedLedger ledger;
  std::shared_ptr<Reader> reader;
};

TEST_F(ReaderTest, TheLacNeverGoesBack) {
  bookies.SetLac(B(0), 5);
  EXPECT_EQ(ReadLac(), 5);
  bookies.at(B(0)).lac = EntryId(1);
  EXPECT_EQ(ReadLac(), 5);
  EXPECT_EQ(reader->progress().lac, EntryId(5));
}

// E01
TEST_F(ReaderTest, RefusesWhatLiesAboveTheLac) {
  Store(ledger, 0, 5);
  EXPECT_EQ(ReadError(0, 0), Errc::kNoSuchEntry);
  bookies.SetLac(B(0), 3);
  ReadLac();
  EXPECT_EQ(ReadError(0, 3), std::nullopt);
  EXPECT_EQ(ReadError(2, 4), Errc::kNoSuchEntry);
  EXPECT_EQ(ReadError(-1, 2), Errc::kInvalidArgument);
  EXPECT_EQ(ReadError(2, 1), Errc::kInvalidArgument);
}

// C26, T-42
TEST_F(ReaderTest, NeverFences) {
  Store(ledger, 0, 5);
  bookies.SetLac(B(0), 5);
  const auto waited = Wait(5);
  ReadLac();
  ReadError(0, 5);
  for (std::uint64_t i = 0; i < 8; ++i) EXPECT_FALSE(bookies.at(B(i)).fenced);
  EXPECT_EQ(ReadLedger(ledger.value->id).value->state, metadata::LedgerState::kOpen);
}

TEST_F(ReaderTest, AWaitEndsWhenOneBookieLearnsOfMore) {
  const auto waited = Wait(-1);
  loop.RunFor(seconds(5));
  EXPECT_EQ(waited->calls, 0);
  bookies.SetLac(B(1), 2);
  loop.Run();
  EXPECT_EQ(waited->calls, 1);
  EXPECT_EQ(waited->progress.lac, EntryId(2));
  EXPECT_FALSE(waited->progress.closed);
}

TEST_F(ReaderTest, AWaitForWhatIsKnownEndsAtOnce) {
  bookies.SetLac(B(1), 2);
  ReadLac();
  EXPECT_EQ(Wait(1)->calls, 1);
}

TEST_F(ReaderTest, AWaitEndsWhenTheLedgerIsClosed) {
  const auto waited = Wait(-1);
  loop.RunFor(seconds(1));
  Close(4);
  loop.Run();
  EXPECT_EQ(waited->calls, 1);
  EXPECT_TRUE(waited->progress.closed);
  EXPECT_EQ(waited->progress.lac, EntryId(4));
}

TEST_F(ReaderTest, AWaitEndsWithWhatIsKnownAfterItsTime) {
  const auto waited = Wait(-1, seconds(30));
  loop.RunFor(seconds(29));
  EXPECT_EQ(waited->calls, 0);
  loop.RunFor(seconds(2));
  EXPECT_EQ(waited->calls, 1);
  EXPECT_EQ(waited->progress.lac, kNoEntry);
  EXPECT_EQ(Wait(-1)->calls, 0);  // and the next one may begin
}

TEST_F(ReaderTest, OneWaitAtATime) {
  const auto first = Wait(-1);
  EXPECT_EQ(Wait(-1)->error, Errc::kInvalidArgument);
  reader->Stop();
  EXPECT_EQ(first->error, Errc::kShutdown);
  EXPECT_EQ(Wait(-1)->error, Errc::kShutdown);
}

TEST_F(ReaderTest, AWaitEndsWhenTheLedgerIsDeleted) {
  const auto waited = Wait(-1);
  loop.Run();
  EditLedger(ledger, [](auto& value) { value.state = metadata::LedgerState::kDeleted; });
  EXPECT_EQ(waited->error, Errc::kNoSuchLedger);
}

// T-39: fenced bookies answer at once, again and again, until somebody closes the ledger.
TEST_F(ReaderTest, AFencedLedgerIsWaitedForWithoutSpinning) {
  for (std::uint64_t i = 0; i < 3; ++i) bookies.Fence(B(i));
  const auto waited = Wait(-1);
  loop.RunFor(seconds(10));
  EXPECT_EQ(waited->calls, 0);
  EXPECT_LE(Lacs(), 3u * 55);
  EXPECT_LT(loop.timers(), 20u);
  Close(1);
  EXPECT_EQ(waited->calls, 1);
  EXPECT_TRUE(waited->progress.closed);
}

// All are away: asked again at a steady pace, however long it lasts.
TEST_F(ReaderTest, BookiesThatFailAtOnceAreNotAskedInAStorm) {
  for (std::uint64_t i = 0; i < 3; ++i) {
    bookies.at(B(i)).answer = Code::kDisconnected;
    bookies.at(B(i)).delay = milliseconds(static_cast<int>(i));
  }
  const auto waited = Wait(-1);
  loop.RunFor(seconds(20));
  EXPECT_LE(Lacs(), 3u * 110);
  EXPECT_LT(loop.timers(), 20u);
  for (std::uint64_t i = 0; i < 3; ++i) bookies.at(B(i)).answer.reset();
  bookies.SetLac(B(2), 0);
  loop.RunFor(seconds(1));
  EXPECT_EQ(waited->calls, 1);
}

// A tailing reader waits anew after each entry: the bookie that is away is not asked each time.
TEST_F(ReaderTest, ATailingReaderLeavesAFailedBookieAlone) {
  bookies.at(B(0)).answer = Code::kDisconnected;
  for (int lac = 0; lac < 500; ++lac) {
    const auto waited = Wait(lac - 1);
    loop.RunFor(milliseconds(1));
    bookies.SetLac(B(1), lac);
    loop.Run();
    ASSERT_EQ(waited->calls, 1);
  }
  EXPECT_LE(bookies.at(B(0)).lacs.size(), 10u);
}

// A bookie over its bound answers long polls at once.
TEST_F(ReaderTest, ABookieThatHoldsNoPollsIsAskedAtAPace) {
  for (std::uint64_t i = 0; i < 3; ++i) bookies.at(B(i)).holds_polls = false;
  const auto waited = Wait(-1);
  loop.RunFor(seconds(10));
  EXPECT_LE(Lacs(), 3u * 55);
  bookies.SetLac(B(1), 0);
  loop.RunFor(seconds(1));
  EXPECT_EQ(waited->calls, 1);
}

TEST_F(ReaderTest, AWaitMovesToTheNewEnsemble) {
  const auto waited = Wait(-1);
  loop.RunFor(seconds(1));
  ledger = EditLedger(ledger, [](auto& value) { value.segments[EntryId(0)][1] = B(5); });
  loop.Run();
  bookies.SetLac(B(5), 3);
  loop.Run();
  EXPECT_EQ(waited->calls, 1);
  EXPECT_EQ(waited->progress.lac, EntryId(3));
}

// Everything below a segment was confirmed before it began.
TEST_F(ReaderTest, ANewSegmentTellsOfTheLac) {
  const auto waited = Wait(-1);
  loop.Run();
  EditLedger(ledger, [](auto& value) { value.segments[EntryId(7)] = Bookies(1, 3); });
  EXPECT_EQ(waited->progress.lac, EntryId(6));
}

// Bookies that stay have one poll each, however often others are replaced.
TEST_F(ReaderTest, EnsembleChangesDoNotMultiplyThePolls) {
  const auto waited = Wait(-1);
  for (int i = 0; i < 20; ++i) {
    ledger =
        EditLedger(ledger, [i](auto& value) { value.segments[EntryId(0)][1] = B(4 + (i % 2)); });
    loop.RunFor(milliseconds(500));
  }
  loop.RunFor(seconds(100));
  EXPECT_EQ(waited->calls, 0);
  EXPECT_EQ(bookies.at(B(0)).polls.size(), 1u);
  EXPECT_LE(bookies.at(B(0)).lacs.size(), 8u);
}

// A store whose reads reach the servers a moment after the watch did.
class SlowReads final : public metadata::MetadataStore {
 public:
  SlowReads(common::Loop& loop, metadata::MetadataStore& store) : loop_(loop), store_(store) {}
  void Create(std::string path, std::string value, metadata::NodeKind kind,
              VersionDone done) override {
    store_.Create(std::move(path), std::move(value), kind, std::move(done));
  }
  void Read(std::string path, ReadDone done) override {
    loop_.After(milliseconds(10), [this, path = std::move(path), done = std::move(done)]() mutable {
      store_.Read(std::move(path), std::move(done));
    });
  }
  void CompareAndSet(std::string path, std::string value, metadata::Version expected,
                     VersionDone done) override {
    store_.CompareAndSet(std::move(path), std::move(value), expected, std::move(done));
  }
  void Delete(std::string path, metadata::Version expected, Done done) override {
    store_.Delete(std::move(path), expected, std::move(done));
  }
  void Multi(std::vector<metadata::Op> ops, Done done) override {
    store_.Multi(std::move(ops), std::move(done));
  }
  void List(std::string path, std::string after, std::size_t limit, ListDone done) override {
    store_.List(std::move(path), std::move(after), limit, std::move(done));
  }
  WatchHandle Watch(std::string path, common::Task changed) override {
    return store_.Watch(std::move(path), std::move(changed));
  }
  WatchHandle WatchChildren(std::string path, common::Task changed) override {
    return store_.WatchChildren(std::move(path), std::move(changed));
  }
  WatchHandle OnSession(common::Callback<metadata::SessionEvent> event) override {
    return store_.OnSession(std::move(event));
  }

 private:
  common::Loop& loop_;
  metadata::MetadataStore& store_;
};

// The watch is used up by a change that the read under way sees as well: the next must be seen too.
TEST_F(ReaderTest, SeesEveryChangeOfTheMetadata) {
  SlowReads slow(loop, store);
  metadata::LedgerStore slow_ledgers(loop, slow, random);
  Services slow_services{loop, slow_ledgers, directory, bookies, placement, random, {}};
  auto follower = std::make_shared<Reader>(slow_services, ledger);
  follower->Start();
  loop.RunFor(milliseconds(100));
  for (const std::uint64_t bookie : {20, 21, 22}) {
    ledger =
        EditLedger(ledger, [bookie](auto& value) { value.segments[EntryId(0)][0] = B(bookie); });
    loop.RunFor(milliseconds(bookie == 21 ? 100 : 5));
  }
  loop.RunFor(milliseconds(100));
  EXPECT_EQ(follower->metadata().LastEnsemble()[0], B(22));
  follower->Stop();
}

TEST_F(ReaderTest, AClosedLedgerIsStillFollowedForRepairs) {
  Close(1);
  ledger = EditLedger(ledger, [](auto& value) { value.segments[EntryId(0)][0] = B(6); });
  loop.Run();
  EXPECT_EQ(reader->metadata().LastEnsemble()[0], B(6));
  EXPECT_EQ(ReadLac(), 1);
}

TEST_F(ReaderTest, ACallbackMayWaitAgain) {
  std::vector<std::int64_t> seen;
  std::function<void()> next = [&] {
    reader->Wait(seen.empty() ? kNoEntry : EntryId(seen.back()), seconds(100), [&](auto progress) {
      if (!progress) return;
      seen.push_back(progress->lac.value());
      next();
    });
  };
  next();
  for (int lac = 0; lac < 5; ++lac) {
    loop.RunFor(milliseconds(10));
    bookies.SetLac(B(static_cast<std::uint64_t>(lac % 3)), lac);
  }
  loop.RunFor(milliseconds(10));
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  reader->Stop();
}

}  // namespace
}  // namespace quire::client
