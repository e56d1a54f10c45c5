#include "tests/exhaustive/model_bookie.h"

#include <gtest/gtest.h>

namespace quire::exhaustive {
namespace {

using protocol::Code;

class ModelBookieTest : public testing::Test {
 protected:
  ModelBookieTest() {
    for (std::int64_t entry = 0; entry < 3; ++entry) {
      std::string bytes;
      protocol::EncodeEntry({.ledger = protocol::LedgerId(7),
                             .entry = protocol::EntryId(entry),
                             .lac = protocol::EntryId(entry - 1),
                             .length = 1},
                            "a", bytes);
      contents_.IdOf(bytes);
    }
  }

  // Entry n has content n + 1.
  ModelBookie::Answer Add(int entry, bool recovery = false) {
    return bookie_.Add(entry, static_cast<std::uint8_t>(entry + 1), recovery, deviation_);
  }
  ModelBookie::Answer Fence() { return bookie_.FenceAndLac(contents_, deviation_); }
  ModelBookie::Answer Read() { return bookie_.FenceAndRead(deviation_); }

  Contents contents_;
  ModelBookie bookie_;
  Deviation deviation_ = Deviation::kNone;
};

TEST_F(ModelBookieTest, AnEntryIsVisibleOnceAdmittedAndAnsweredOnceDurable) {
  EXPECT_EQ(Add(0).after, 1);
  EXPECT_EQ(Add(1).after, 2);
  EXPECT_EQ(bookie_.Stored(1), 2);
  EXPECT_EQ(bookie_.Durable(1), 0);
  bookie_.SyncTo(1);
  EXPECT_EQ(bookie_.Durable(0), 1);
  EXPECT_EQ(bookie_.Durable(1), 0);
  EXPECT_EQ(Add(1).after, 2);  // again: waits for the first copy
  EXPECT_EQ(Add(0).after, 0);
  bookie_.SyncAll();
  EXPECT_EQ(Add(1).after, 0);
  EXPECT_EQ(Read().entries, (ModelBookie::Entries{1, 2, 0}));
}

TEST_F(ModelBookieTest, ACrashLosesTheEndOfTheJournal) {
  Add(0);
  Add(1);
  EXPECT_TRUE(bookie_.CanLose());
  bookie_.CrashTo(1);
  EXPECT_EQ(bookie_.Durable(0), 1);
  EXPECT_EQ(bookie_.Stored(1), 0);
  EXPECT_FALSE(bookie_.CanLose());
}

TEST_F(ModelBookieTest, AFenceRefusesTheWriterAndNotTheRecoverer) {
  Add(0);
  const auto fenced = Fence();
  EXPECT_EQ(fenced.code, Code::kOk);
  EXPECT_EQ(fenced.after, 2);
  EXPECT_TRUE(bookie_.Fenced());
  EXPECT_FALSE(bookie_.DurablyFenced());
  EXPECT_EQ(Add(1).code, Code::kFenced);
  EXPECT_EQ(Add(0).code, Code::kFenced);
  EXPECT_EQ(Add(1, true).code, Code::kOk);
  EXPECT_EQ(Fence().lac, 0);  // in the header of entry 1
  EXPECT_EQ(Fence().after, 2);
  bookie_.CrashTo(2);
  EXPECT_TRUE(bookie_.DurablyFenced());
  EXPECT_EQ(bookie_.Stored(1), 0);
}

TEST_F(ModelBookieTest, ALedgerNeverSeenIsFencedAndDenied) {
  EXPECT_EQ(Fence().code, Code::kNoLedger);
  EXPECT_TRUE(bookie_.Fenced());
  EXPECT_EQ(Fence().code, Code::kOk);
}

TEST_F(ModelBookieTest, OtherBytesForAnEntryAreAConflict) {
  Add(0);
  EXPECT_EQ(bookie_.Add(0, 3, false, Deviation::kNone).code, Code::kConflict);
  EXPECT_EQ(bookie_.Stored(0), 1);
}

TEST_F(ModelBookieTest, APromiseIsForgottenOnceItIsKept) {
  Fence();
  bookie_.Promise();
  EXPECT_TRUE(bookie_.promised());
  bookie_.SyncAll();
  EXPECT_FALSE(bookie_.promised());
  bookie_.Promise();
  EXPECT_FALSE(bookie_.promised());
}

TEST_F(ModelBookieTest, ANegativeBeforeTheFence) {
  deviation_ = Deviation::kNegativeBeforeFence;
  EXPECT_EQ(Fence().after, 0);
  EXPECT_EQ(Read().after, 0);
  EXPECT_TRUE(bookie_.CanLose());
}

TEST_F(ModelBookieTest, AVolatileFence) {
  deviation_ = Deviation::kVolatileFence;
  EXPECT_EQ(Fence().after, 0);
  EXPECT_TRUE(bookie_.Fenced());
  EXPECT_TRUE(bookie_.CanLose());
  bookie_.SyncAll();
  bookie_.CrashTo(bookie_.Records());
  EXPECT_FALSE(bookie_.Fenced());
}

TEST_F(ModelBookieTest, AnAckBeforeTheSync) {
  deviation_ = Deviation::kAckBeforeSync;
  EXPECT_EQ(Add(0).after, 0);
  EXPECT_EQ(bookie_.Durable(0), 0);
}

TEST_F(ModelBookieTest, AnUnknownLedgerNotFenced) {
  deviation_ = Deviation::kUnknownNotFenced;
  EXPECT_EQ(Fence().code, Code::kNoLedger);
  EXPECT_FALSE(bookie_.Fenced());
  Add(0);
  Fence();
  EXPECT_TRUE(bookie_.Fenced());
}

TEST_F(ModelBookieTest, ARecoveryAddRefused) {
  deviation_ = Deviation::kRecoveryAddRefused;
  Fence();
  EXPECT_EQ(Add(0, true).code, Code::kFenced);
}

TEST_F(ModelBookieTest, AnEntryVisibleOnlyAfterTheSync) {
  deviation_ = Deviation::kVisibleOnlyAfterSync;
  Add(0);
  EXPECT_EQ(Read().entries, ModelBookie::Entries{});
  bookie_.SyncAll();
  EXPECT_EQ(Read().entries, (ModelBookie::Entries{1, 0, 0}));
}

TEST_F(ModelBookieTest, AReadWithoutFence) {
  deviation_ = Deviation::kReadsDoNotFence;
  Read();
  EXPECT_FALSE(bookie_.Fenced());
}

}  // namespace
}  // namespace quire::exhaustive
