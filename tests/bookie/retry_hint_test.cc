#include "bookie/retry_hint.h"

#include <gtest/gtest.h>

#include <chrono>

#include "manual_loop.h"
#include "protocol/limits.h"

namespace quire::bookie {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RetryHintTest : public ::testing::Test {
 protected:
  RetryHintTest() { loop_.Advance(seconds(100)); }

  ManualLoop loop_;
  RetryHint hint_{loop_};
};

TEST_F(RetryHintTest, NeverNothingAndNeverLong) {
  EXPECT_EQ(hint_.Milliseconds({}), 1);
  EXPECT_EQ(hint_.Milliseconds({.read_wait = seconds(10)}), protocol::kMaxRetryAfterMs);
}

TEST_F(RetryHintTest, AJournalThatWaitsTakesAsLongAsItTookTheLast) {
  hint_.Durable(milliseconds(80));
  EXPECT_EQ(hint_.Milliseconds({}), 1) << "nothing waits";
  EXPECT_EQ(hint_.Milliseconds({.journal_waits = true}), 80);
}

TEST_F(RetryHintTest, ADiskThatHangsIsToldByItsSilence) {
  hint_.Durable(milliseconds(2));
  loop_.Advance(milliseconds(300));
  EXPECT_EQ(hint_.Milliseconds({.journal_waits = true}), 300);
}

TEST_F(RetryHintTest, AFullCacheWaitsForTheRestOfTheFlush) {
  hint_.FlushBegan();
  loop_.Advance(milliseconds(500));
  hint_.FlushEnded();
  hint_.FlushBegan();
  loop_.Advance(milliseconds(100));
  EXPECT_EQ(hint_.Milliseconds({.cache_full = true}), 400);
  EXPECT_EQ(hint_.Milliseconds({}), 1);
  loop_.Advance(milliseconds(600));  // longer than the last one took
  EXPECT_EQ(hint_.Milliseconds({.cache_full = true}), 200);
}

TEST_F(RetryHintTest, WhatWaitsLongestDecides) {
  hint_.Durable(milliseconds(80));
  EXPECT_EQ(hint_.Milliseconds({.journal_waits = true, .read_wait = milliseconds(90)}), 90);
}

}  // namespace
}  // namespace quire::bookie
