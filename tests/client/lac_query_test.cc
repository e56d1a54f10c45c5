#include "client/lac_query.h"

#include "client_fixture.h"

namespace quire::client {
namespace {

class LacQueryTest : public ClientFixture {
 protected:
  // The LAC, or the error.
  common::Result<EntryId> Query(const protocol::Replication& replication,
                                const std::vector<std::optional<Code>>& answers) {
    Register(static_cast<int>(answers.size()));
    const auto ledger = CreateLedger(replication);
    for (std::size_t slot = 0; slot < answers.size(); ++slot)
      bookies.at(B(slot)).answer = answers[slot];
    std::optional<common::Result<EntryId>> outcome;
    QueryLac(services, ledger, [&](auto lac) {
      EXPECT_FALSE(outcome) << "called back twice";
      outcome = std::move(lac);
    });
    loop.RunFor(seconds(20));
    EXPECT_TRUE(outcome);
    return *outcome;
  }
};

TEST_F(LacQueryTest, TakesTheHighestOfThoseThatAnswered) {
  bookies.at(B(0)).lac = EntryId(3);
  bookies.at(B(2)).lac = EntryId(7);
  EXPECT_EQ(*Query({3, 3, 2}, {std::nullopt, Code::kTimeout, std::nullopt}), EntryId(7));
  EXPECT_FALSE(bookies.at(B(0)).fenced);  // T-42
}

// T-02: knowledge covers, silence does not.
TEST_F(LacQueryTest, DenialsAreKnowledge) {
  bookies.at(B(2)).lac = EntryId(4);
  EXPECT_EQ(*Query({3, 3, 2}, {Code::kNoLedger, Code::kUnknown, std::nullopt}), EntryId(4));
}

TEST_F(LacQueryTest, FailsWhenAnEntryMayHide) {
  const auto lac = Query({3, 3, 2}, {std::nullopt, Code::kUnknown, Code::kTimeout});
  ASSERT_FALSE(lac);
  EXPECT_EQ(lac.error().code(), Errc::kReadFailed);
}

TEST_F(LacQueryTest, NeedsEveryWriteSetOfAStripedLedger) {
  EXPECT_FALSE(Query({4, 2, 2}, {std::nullopt, Code::kTimeout, Code::kTimeout, std::nullopt}));
}

TEST_F(LacQueryTest, AnEmptyLedgerHasNone) {
  EXPECT_EQ(*Query({2, 2, 2}, {std::nullopt, std::nullopt}), kNoEntry);
}

TEST_F(LacQueryTest, DoesNotWaitForASlowBookieOnceItIsCovered) {
  Register(3);
  const auto ledger = CreateLedger({3, 3, 2});
  bookies.at(B(1)).hangs = true;
  bool done = false;
  QueryLac(services, ledger, [&](auto lac) { done = lac.has_value(); });
  loop.Run();
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace quire::client
