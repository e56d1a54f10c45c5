#include "common/ring_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

namespace quire::common {
namespace {

TEST(RingQueueTest, AgreesWithADequeAtEveryLengthAndPlace) {
  RingQueue<int> ring;
  std::deque<int> expected;
  int next = 0;
  const auto compare = [&] {
    ASSERT_EQ(ring.size(), expected.size());
    ASSERT_EQ(ring.empty(), expected.empty());
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(ring[i], expected[i]);
    if (!expected.empty()) ASSERT_EQ(ring.front(), expected.front());
  };
  for (int length = 1; length < 20; ++length) {
    for (int i = 0; i < length; ++i, ++next) {
      ring.push_back(next);
      expected.push_back(next);
      compare();
    }
    for (int i = 0; i < length - length % 3; ++i) {
      ring.pop_front();
      expected.pop_front();
      compare();
    }
  }
  ring.clear();
  expected.clear();
  compare();
}

TEST(RingQueueTest, AnElementThatLeavesFreesWhatItHolds) {
  RingQueue<std::shared_ptr<int>> ring;
  const auto held = std::make_shared<int>(1);
  ring.push_back(held);
  ring.push_back(held);
  EXPECT_EQ(held.use_count(), 3);
  ring.pop_front();
  EXPECT_EQ(held.use_count(), 2);
  ring.clear();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(RingQueueTest, GoesOnAfterItWasLongAndEmpty) {
  RingQueue<int> ring;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000; ++i) ring.push_back(i);
    for (int i = 0; i < 1000; ++i, ring.pop_front()) ASSERT_EQ(ring.front(), i);
    ASSERT_TRUE(ring.empty());
  }
}

TEST(RingQueueTest, ACopyIsAQueueOfItsOwn) {
  RingQueue<int> ring;
  for (const int value : {1, 2, 3}) ring.push_back(value);
  ring.pop_front();
  RingQueue<int> copy = ring;
  ring.clear();
  ASSERT_EQ(copy.size(), 2u);
  EXPECT_EQ(copy.front(), 2);
  EXPECT_EQ(copy[1], 3);
}

}  // namespace
}  // namespace quire::common
