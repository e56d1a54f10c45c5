// The verbs together: what a writer wrote, a recovery closes and a reader reads.
#include "client/engine.h"

#include "client_fixture.h"

namespace quire::client {
namespace {

class EngineTest : public ClientFixture {
 protected:
  EngineTest() : engine(loop, store, bookies, random) {}
  void Begin(int count) {
    Register(count);
    engine.Start([](auto started) { EXPECT_TRUE(started); });
    loop.Run();
  }
  std::optional<Errc> Create(const protocol::Replication& replication) {
    std::optional<Errc> error;
    engine.Create({.replication = replication, .custom = {{"name", "test"}}}, 1, [&](auto created) {
      if (created)
        writer = *created;
      else
        error = created.error().code();
    });
    loop.RunFor(seconds(1));
    return error;
  }
  int Append(int count) {
    auto acked = std::make_shared<int>(0);
    for (int i = 0; i < count; ++i) {
      writer->Append(std::string(protocol::kEntryOverheadBytes + 10, 'e'),
                     [acked](AppendResult result) { *acked += result.ok() ? 1 : 0; });
    }
    loop.RunFor(seconds(10));
    return *acked;
  }
  common::Result<Recovery::Outcome> Seal(protocol::LedgerId id) {
    std::optional<common::Result<Recovery::Outcome>> outcome;
    engine.Seal(id, [&](auto sealed) { outcome = std::move(sealed); });
    loop.RunFor(seconds(60));
    EXPECT_TRUE(outcome);
    return *outcome;
  }
  std::vector<std::int64_t> ReadAll(protocol::LedgerId id) {
    std::shared_ptr<Reader> reader;
    engine.Open(id, [&](auto opened) { reader = *opened; });
    loop.RunFor(seconds(1));
    std::vector<std::int64_t> ids;
    const auto last = reader->progress().lac;
    while (last >= EntryId(0) && (ids.empty() || ids.back() < last.value())) {
      std::size_t before = ids.size();
      reader->Read(EntryId(ids.empty() ? 0 : ids.back() + 1), last, [&](auto entries) {
        ASSERT_TRUE(entries);
        for (const auto& entry : *entries) ids.push_back(entry.id().value());
      });
      loop.RunFor(seconds(10));
      if (ids.size() == before) break;
    }
    reader->Stop();
    return ids;
  }

  Engine engine;
  std::shared_ptr<Writer> writer;
};

// A02
TEST_F(EngineTest, CreatesNothingWithoutEnoughBookies) {
  Begin(2);
  EXPECT_EQ(Create({3, 2, 2}), Errc::kNotEnoughBookies);
  EXPECT_EQ(Create({3, 2, 3}), Errc::kInvalidArgument);
  bool empty = false;
  engine.List(protocol::LedgerId(-1), 10, [&](auto found) { empty = found && found->empty(); });
  loop.RunFor(seconds(1));
  EXPECT_TRUE(empty);
}

// C08, C26
TEST_F(EngineTest, ARecoveryClosesWhatItsWriterLeft) {
  Begin(5);
  ASSERT_EQ(Create({3, 3, 2}), std::nullopt);
  EXPECT_EQ(Append(2000), 2000);
  const auto id = writer->id();
  writer->Abandon();
  const auto sealed = Seal(id);
  ASSERT_TRUE(sealed) << sealed.error().ToString();
  EXPECT_FALSE(sealed->was_closed);
  EXPECT_EQ(sealed->ledger.value->last_entry, EntryId(1999));
  EXPECT_EQ(sealed->ledger.value->length, 20'000);
  const auto ids = ReadAll(id);
  ASSERT_EQ(ids.size(), 2000u);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], static_cast<std::int64_t>(i));
  const auto again = Seal(id);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->was_closed);
}

// Read replies reach their bound in the middle of a window.
TEST_F(EngineTest, ARecoveryGoesOnBehindRepliesThatWereCut) {
  Begin(5);
  Create({3, 3, 2});
  for (std::uint64_t i = 0; i < 5; ++i) bookies.at(B(i)).reply_entries = 7;
  // Nobody hears of a LAC: all entries are recovered.
  Append(300);
  for (std::uint64_t i = 0; i < 5; ++i) bookies.at(B(i)).lac = kNoEntry;
  writer->Abandon();
  const auto sealed = Seal(writer->id());
  ASSERT_TRUE(sealed) << sealed.error().ToString();
  EXPECT_EQ(sealed->recovered, 300);
  EXPECT_EQ(sealed->ledger.value->last_entry, EntryId(299));
}

// T-01: every request of a recovery to the bookies carries the fence, and the key with it.
TEST_F(EngineTest, EveryRequestOfARecoveryFences) {
  Begin(3);
  Create({3, 3, 2});
  Append(5);
  writer->Abandon();
  for (std::uint64_t i = 0; i < 3; ++i) bookies.at(B(i)).lacs.clear();
  ASSERT_TRUE(Seal(writer->id()));
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(bookies.at(B(i)).lacs.empty());
    for (const auto& request : bookies.at(B(i)).lacs) EXPECT_TRUE(request.fence);
    for (const auto& request : bookies.at(B(i)).reads) {
      // A read of the end's length alone does not.
      EXPECT_TRUE(request.fence || request.entries.size() == 1);
      if (request.fence) {
        EXPECT_EQ(request.key, writer->protocol().ledger().value->key);
      }
    }
  }
}

// The writer of a sealed ledger can acknowledge nothing more, and learns it (I3).
TEST_F(EngineTest, ASealStopsTheWriter) {
  Begin(3);
  Create({3, 3, 2});
  EXPECT_EQ(Append(5), 5);
  ASSERT_TRUE(Seal(writer->id()));
  EXPECT_EQ(Append(3), 0);
  std::optional<Errc> error;
  writer->Close([&](auto closed) { error = closed.error().code(); });
  loop.Run();
  EXPECT_EQ(error, Errc::kFenced);
  EXPECT_EQ(ReadAll(writer->id()).size(), 5u);
}

TEST_F(EngineTest, DeletedLedgersAreGone) {
  Begin(3);
  Create({3, 3, 2});
  std::vector<std::optional<Errc>> results;
  const auto note = [&](auto result) {
    results.push_back(result ? std::nullopt : std::optional(result.error().code()));
  };
  engine.Delete(writer->id(), 5, note);
  loop.RunFor(seconds(1));
  engine.Delete(writer->id(), 6, note);
  loop.RunFor(seconds(1));
  engine.Describe(writer->id(), note);
  loop.RunFor(seconds(1));
  engine.Delete(writer->id() + 1000, 6, note);
  loop.RunFor(seconds(1));
  EXPECT_EQ(results, (std::vector<std::optional<Errc>>{std::nullopt, std::nullopt,
                                                       Errc::kNoSuchLedger, Errc::kNoSuchLedger}));
}

// A06
TEST_F(EngineTest, ListsAndDescribesWhatWasCreated) {
  Begin(3);
  std::vector<protocol::LedgerId> made;
  for (int i = 0; i < 5; ++i) {
    Create({3, 3, 2});
    made.push_back(writer->id());
  }
  engine.Delete(made[2], 5, [](auto) {});
  loop.RunFor(seconds(1));
  std::vector<protocol::LedgerId> listed;
  engine.List(protocol::LedgerId(-1), 3, [&](auto found) {
    ASSERT_TRUE(found);
    for (const auto& ledger : *found) {
      listed.push_back(ledger.value->id);
      EXPECT_EQ(ledger.value->custom.at("name"), "test");
    }
  });
  loop.RunFor(seconds(1));
  EXPECT_EQ(listed, (std::vector{made[0], made[1], made[3]}));
}

}  // namespace
}  // namespace quire::client
