// The update loop of protocol 1.1 under every fault of a metadata store.
#include "metadata/ledger_update.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/metadata/ledger_store_fixture.h"

namespace quire::metadata {
namespace {

using common::Errc;
using common::Result;
using std::chrono::milliseconds;
using std::chrono::seconds;
using enum FaultyStore::Fault;

using LedgerUpdateTest = LedgerStoreFixture;

TEST_F(LedgerUpdateTest, UpdatesFromTheNewestValue) {
  const auto made = Create();
  ReplaceSlot(made->value->id);
  const auto claimed = Update(*made, Claim());  // T-23: the local value is stale
  ASSERT_TRUE(claimed) << claimed.error().ToString();
  EXPECT_EQ(claimed->value->state, LedgerState::kInRecovery);
  EXPECT_EQ(claimed->value->LastEnsemble()[0], SampleBookie(9));
  EXPECT_EQ(claimed->version, Version{2});
  EXPECT_EQ(*Read(made->value->id)->value, *claimed->value);
}

TEST_F(LedgerUpdateTest, WritesNothingThatIsNotNeeded) {
  const auto made = Create();
  const auto claimed = Update(*made, Claim());
  const auto again = Update(*made, Claim());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->version, claimed->version);
  EXPECT_EQ(*again->value, *claimed->value);
}

TEST_F(LedgerUpdateTest, RefusesATransitionThatIsNotLegal) {
  const auto made = Create();
  LedgerUpdate update = Claim();
  update.transform = [](const LedgerMetadata& m) {
    LedgerMetadata next = m;
    next.segments.begin()->second.pop_back();
    return next;
  };
  EXPECT_EQ(Update(*made, std::move(update)).error().code(), Errc::kCorrupt);
  EXPECT_EQ(Read(made->value->id)->version, Version{0});
}

// T-26, T-27: whatever became of the swap, the change is made once and reported as done.
TEST_F(LedgerUpdateTest, AppliesAChangeOnceWhenAnswersAreLost) {
  using Faults = std::deque<FaultyStore::Fault>;
  for (const Faults& script :
       {Faults{kAppliedAndLost}, Faults{kNotApplied}, Faults{kAppliedAfterwards}, Faults{kResent},
        Faults{kUnavailable, kUnavailable}, Faults{kNotApplied, kUnavailable, kAppliedAndLost},
        Faults{kAppliedAfterwards, kNotApplied}}) {
    const auto made = Create();
    Script("/ledgers/", script);
    loop_.Run([this] { faulty_->FailReads(2); });
    const auto claimed = Update(*made, Claim());
    loop_.Run([this] {
      faulty_->FailReads(0);
      faulty_->ApplyLate();
    });
    ASSERT_TRUE(claimed) << claimed.error().ToString();
    const auto read = Read(made->value->id);
    EXPECT_EQ(*read->value, *claimed->value);
    EXPECT_EQ(read->version, Version{1});
    EXPECT_EQ(read->value->recovery_claims, 1);
  }
}

// T-26 (a): the read shows the old version, and then the lost swap is applied after all.
TEST_F(LedgerUpdateTest, RecognisesItsOwnLateSwap) {
  const auto made = Create();
  Script("/ledgers/", {kAppliedAfterwards, kNone});
  loop_.Run(
      [this] { faulty_->BeforeRead([this] { loop_.Post([this] { faulty_->ApplyLate(); }); }); });
  const auto claimed = Update(*made, Claim());
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->value->recovery_claims, 1);
  EXPECT_EQ(claimed->version, Version{1});
}

// A change that is not idempotent shows that the nonce alone recognises our own.
TEST_F(LedgerUpdateTest, KnowsItsOwnChangeByTheNonce) {
  const auto made = Create();
  for (const auto fault : {kAppliedAndLost, kResent}) {
    const auto local = Read(made->value->id);
    Script("/ledgers/", {fault});
    const auto bumped = Update(*local, {[](const LedgerMetadata&) { return true; },
                                        [](const LedgerMetadata& m) {
                                          LedgerMetadata next = m;
                                          ++next.recovery_claims;
                                          return next;
                                        }});
    ASSERT_TRUE(bumped);
    EXPECT_EQ(bumped->value->recovery_claims, local->value->recovery_claims + 1);
    EXPECT_EQ(Read(made->value->id)->value->recovery_claims, local->value->recovery_claims + 1);
  }
}

TEST_F(LedgerUpdateTest, TellsUnknownFromUnavailable) {
  const auto made = Create();
  Script("/ledgers/", std::deque(50, kUnavailable));
  EXPECT_EQ(Update(*made, Claim(), milliseconds(60)).error().code(), Errc::kMetadataUnavailable);

  Script("/ledgers/", {kAppliedAfterwards});
  loop_.Run([this] { faulty_->FailReads(1000); });
  EXPECT_EQ(Update(*made, Claim(), milliseconds(60)).error().code(), Errc::kAmbiguous);
  loop_.Run([this] { faulty_->FailReads(0); });
  EXPECT_EQ(Read(made->value->id)->value->state, LedgerState::kOpen);
  loop_.Run([this] { faulty_->ApplyLate(); });
  EXPECT_EQ(Read(made->value->id)->value->state, LedgerState::kInRecovery);
}

TEST_F(LedgerUpdateTest, ReportsNoErrorAsCertainWhileASwapIsInDoubt) {
  const auto made = Create();
  Script("/ledgers/", {kAppliedAfterwards});
  LedgerUpdate update = Claim();
  update.transform = [claim = Claim().transform,
                      calls = 0](const LedgerMetadata& m) mutable -> Result<LedgerMetadata> {
    if (++calls == 2) return common::Fail(Errc::kNotEnoughBookies);
    return claim(m);
  };
  EXPECT_EQ(Update(*made, std::move(update)).error().code(), Errc::kAmbiguous);
}

}  // namespace
}  // namespace quire::metadata
