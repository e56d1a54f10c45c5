#include "tests/exhaustive/registers.h"

#include <gtest/gtest.h>

#include "client/recovery_protocol.h"

namespace quire::exhaustive {
namespace {

using metadata::LedgerState;

TEST(RegistersTest, NumberZeroIsTheLedgerAsItWasCreated) {
  Registers registers(NamedConfiguration("3/2/2"));
  EXPECT_EQ(registers.Value(0).state, LedgerState::kOpen);
  EXPECT_EQ(registers.At(0).version.value, 0);
  EXPECT_EQ(registers.ToString(0), "version 0, open, from 0 on b0 b1 b2");
  EXPECT_EQ(registers.IdOf(registers.At(0)), 0);
}

TEST(RegistersTest, AnUpdateSwapsEndsOrFails) {
  Registers registers(NamedConfiguration("2/2/1"));
  const auto claim = client::RecoveryProtocol::ClaimUpdate();
  const auto first = registers.Try(claim, 0);
  ASSERT_TRUE(first.swap);
  const RecordId claimed = first.outcome.snapshot();
  EXPECT_EQ(registers.Value(claimed).state, LedgerState::kInRecovery);
  EXPECT_EQ(registers.At(claimed).version.value, 1);
  EXPECT_EQ(registers.Try(claim, 0).outcome.snapshot(), claimed);

  const auto again = registers.Try(claim, claimed);
  EXPECT_FALSE(again.swap);
  EXPECT_EQ(again.outcome.snapshot(), claimed);

  metadata::LedgerUpdate refused = claim;
  refused.needs = [](const auto&) -> common::Result<bool> {
    return common::Fail(common::Errc::kFenced);
  };
  const auto failed = registers.Try(refused, 0);
  EXPECT_FALSE(failed.swap);
  ASSERT_FALSE(failed.outcome.ok());
  EXPECT_EQ(failed.outcome.error(), common::Errc::kFenced);
}

TEST(RegistersTest, AnIllegalStepIsNoticed) {
  Registers registers(NamedConfiguration("2/2/1"));
  metadata::LedgerUpdate update;
  update.needs = [](const auto&) -> common::Result<bool> { return true; };
  update.transform = [](const metadata::LedgerMetadata& ledger) {
    metadata::LedgerMetadata next = ledger;
    next.segments.begin()->second[0] = BookieName(1);
    return common::Result<metadata::LedgerMetadata>(next);
  };
  const auto attempt = registers.Try(update, 0);
  EXPECT_FALSE(attempt.swap);
  EXPECT_NE(attempt.illegal, "");
}

TEST(MetaOutcomeTest, SnapshotsAndErrorsShareANumber) {
  const auto error = MetaOutcome::Failed(common::Errc::kUnsupported);
  EXPECT_EQ(MetaOutcome::FromNumber(error.number()).error(), common::Errc::kUnsupported);
  EXPECT_FALSE(MetaOutcome::FromNumber(error.number()).ok());
  EXPECT_EQ(MetaOutcome::FromNumber(MetaOutcome::Snapshot(5).number()).snapshot(), 5);
}

}  // namespace
}  // namespace quire::exhaustive
