#include <gtest/gtest.h>

#include <cstring>

#include "rpc/backoff.h"
#include "rpc/frame_codec.h"
#include "rpc/pending_calls.h"
#include "rpc/receive_buffer.h"
#include "rpc/send_queue.h"

namespace quire::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

void Put(ReceiveBuffer& buffer, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto space = buffer.Space();
    const std::size_t count = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), count);
    buffer.Filled(count);
    bytes.remove_prefix(count);
  }
}

TEST(ReceiveBufferTest, KeepsTheBytesThatWereNotConsumed) {
  ReceiveBuffer buffer;
  Put(buffer, "hello world");
  buffer.Consume(6);
  Put(buffer, "!");
  EXPECT_EQ(buffer.content(), "world!");
}

TEST(ReceiveBufferTest, GrowsWithTheBytesThatCameAndNotBeyondOneFrame) {
  ReceiveBuffer buffer;
  Put(buffer, "four");
  EXPECT_LE(buffer.capacity(), 64U * 1024);
  Put(buffer, std::string(kFrameMost - 4, 'x'));
  EXPECT_EQ(buffer.content().size(), kFrameMost);
  EXPECT_FALSE(buffer.Space().empty());
  EXPECT_LE(buffer.capacity(), kFrameMost + 64 * 1024);
}

TEST(ReceiveBufferTest, FallsBackWhenTheTrafficIsSmall) {
  ReceiveBuffer buffer;
  Put(buffer, std::string(1024 * 1024, 'x'));
  buffer.Consume(1024 * 1024);
  const std::size_t grown = buffer.capacity();
  for (int i = 0; i < 1000; ++i) {
    Put(buffer, "tiny");
    buffer.Consume(4);
  }
  EXPECT_LT(buffer.capacity(), grown / 8);
}

TEST(SendQueueTest, GathersWhatIsComposedAndCountsItUntilItIsWritten) {
  SendQueue queue;
  queue.Compose([](std::string& out) { out += "one"; });
  queue.Compose([](std::string& out) { out += "two"; });
  queue.Push("block");
  EXPECT_EQ(queue.bytes(), 11U);
  auto blocks = queue.Take();
  EXPECT_EQ(blocks, (std::vector<std::string>{"onetwo", "block"}));
  EXPECT_TRUE(queue.empty());
  queue.Compose([](std::string& out) { out += "next"; });
  EXPECT_EQ(queue.bytes(), 15U);
  queue.GiveBack(std::move(blocks));
  EXPECT_EQ(queue.bytes(), 4U);
  EXPECT_EQ(queue.Take(), std::vector<std::string>{"next"});
}

TEST(SendQueueTest, HandsOutEmptyBlocksAgain) {
  SendQueue queue;
  queue.Push(std::string(1000, 'x'));
  queue.GiveBack(queue.Take());
  const std::string block = queue.TakeBlock();
  EXPECT_TRUE(block.empty());
  EXPECT_GE(block.capacity(), 1000U);
}

PendingCall AddBatch(common::TimePoint deadline) {
  PendingCall call;
  call.deadline = deadline;
  call.bytes = 10;
  call.adds.resize(1);
  return call;
}
PendingCall OtherCall(common::TimePoint deadline) {
  PendingCall call;
  call.deadline = deadline;
  call.bytes = 1;
  call.done = [](protocol::Code, std::string_view) { return true; };
  return call;
}

TEST(PendingCallsTest, TimesOutTheEarliestOfBothKinds) {
  const common::TimePoint zero;
  PendingCalls calls;
  calls.Insert(1, AddBatch(zero + seconds(5)));
  calls.Insert(2, OtherCall(zero + seconds(9)));
  calls.Insert(3, OtherCall(zero + seconds(2)));
  calls.Insert(4, AddBatch(zero + seconds(6)));
  EXPECT_EQ(calls.bytes(), 22U);
  EXPECT_EQ(calls.NextDeadline(), zero + seconds(2));
  EXPECT_FALSE(calls.TakeExpired(zero + seconds(1)));
  ASSERT_TRUE(calls.Take(3));
  EXPECT_FALSE(calls.Take(3));
  EXPECT_EQ(calls.NextDeadline(), zero + seconds(5));
  ASSERT_TRUE(calls.Take(1));
  EXPECT_EQ(calls.NextDeadline(), zero + seconds(6));
  EXPECT_EQ(calls.TakeExpired(zero + seconds(7))->deadline, zero + seconds(6));
  EXPECT_FALSE(calls.TakeExpired(zero + seconds(7)));
  EXPECT_EQ(calls.TakeAll().size(), 1U);
  EXPECT_EQ(calls.bytes(), 0U);
  EXPECT_FALSE(calls.NextDeadline());
}

TEST(PendingCallsTest, ABatchInsertedLateDoesNotTimeOutBeforeOnesBeforeIt) {
  const common::TimePoint zero;
  PendingCalls calls;
  calls.Insert(1, AddBatch(zero + seconds(5)));
  calls.Insert(2, AddBatch(zero + seconds(4)));
  EXPECT_FALSE(calls.TakeExpired(zero + seconds(4)));
  EXPECT_TRUE(calls.TakeExpired(zero + seconds(5)));
  EXPECT_TRUE(calls.TakeExpired(zero + seconds(5)));
  EXPECT_FALSE(calls.TakeExpired(zero + seconds(5)));
}

TEST(BackoffTest, DoublesUpToItsMostWithAJitterOfTheUpperHalf) {
  common::Random random(3);
  Backoff backoff(milliseconds(50), milliseconds(300), random);
  for (const int full : {50, 100, 200, 300, 300}) {
    const auto wait = backoff.Next();
    EXPECT_LE(wait, milliseconds(full));
    EXPECT_GE(wait, milliseconds(full / 2));
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), milliseconds(50));
}

}  // namespace
}  // namespace quire::rpc
