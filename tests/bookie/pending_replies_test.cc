#include "bookie/pending_replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace quire::bookie {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class PendingRepliesTest : public ::testing::Test {
 protected:
  void Wait(Lsn lsn, int name) {
    replies_.Wait(lsn, [this, name](bool durable) { told_.emplace_back(name, durable); });
  }

  PendingReplies replies_;
  std::vector<std::pair<int, bool>> told_;
};

TEST_F(PendingRepliesTest, TellsInOrderOfRecordsAndThenOfArrival) {
  Wait(5, 1);
  Wait(3, 2);  // an answer that waits for an earlier fence
  Wait(5, 3);
  Wait(3, 4);
  replies_.Durable(4);
  EXPECT_THAT(told_, ElementsAre(Pair(2, true), Pair(4, true)));
  replies_.Durable(5);
  EXPECT_THAT(told_, ElementsAre(Pair(2, true), Pair(4, true), Pair(1, true), Pair(3, true)));
  EXPECT_EQ(replies_.size(), 0U);
}

TEST_F(PendingRepliesTest, TellsAtOnceWhatIsDurableAlready) {
  replies_.Durable(7);
  Wait(7, 1);
  EXPECT_THAT(told_, ElementsAre(Pair(1, true)));
  Wait(8, 2);
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(PendingRepliesTest, AfterAFailureOnlyWhatWasDurableIs) {
  replies_.Durable(2);
  Wait(3, 1);
  replies_.Fail();
  Wait(4, 2);
  Wait(2, 3);
  EXPECT_THAT(told_, ElementsAre(Pair(1, false), Pair(2, false), Pair(3, true)));
}

TEST_F(PendingRepliesTest, AReplyMayWaitAgain) {
  replies_.Wait(1, [this](bool) { Wait(2, 9); });
  replies_.Durable(1);
  EXPECT_THAT(told_, IsEmpty());
  replies_.Durable(2);
  EXPECT_THAT(told_, ElementsAre(Pair(9, true)));
}

}  // namespace
}  // namespace quire::bookie
