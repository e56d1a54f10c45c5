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

// One read; what does not fit comes with the next one.
std::string_view PutOnce(ReceiveBuffer& buffer, std::string_view bytes) {
  const auto space = buffer.Space();
  const std::size_t count = std::min(space.size(), bytes.size());
  std::memcpy(space.data(), bytes.data(), count);
  buffer.Filled(count);
  return bytes.substr(count);
}
void Put(ReceiveBuffer& buffer, std::string_view bytes) {
  while (!bytes.empty()) {
    bytes = PutOnce(buffer, bytes);
    buffer.Settle();
  }
}
std::string Frame(std::size_t bytes) {
  std::string frame(kFrameHeaderBytes + bytes, 'x');
  common::StoreBig(frame.data(), static_cast<std::uint32_t>(bytes));
  return frame;
}

TEST(ReceiveBufferTest, WholeFramesAreUsedInPlaceAndLeaveNothing) {
  ReceiveBuffer buffer;
  PutOnce(buffer, Frame(10) + Frame(20));
  EXPECT_EQ(FirstFrame(buffer.content()).frame.size(), 10U);
  buffer.Consume(14);
  EXPECT_EQ(FirstFrame(buffer.content()).frame.size(), 20U);
  buffer.Consume(24);
  buffer.Settle();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0U);
  EXPECT_EQ(buffer.need_bytes(), 0U);
}

TEST(ReceiveBufferTest, KeepsTheBytesThatWereNotConsumed) {
  ReceiveBuffer buffer;
  const std::string second = Frame(100);
  PutOnce(buffer, Frame(10) + second.substr(0, 50));
  buffer.Consume(14);
  buffer.Settle();
  {
    ReceiveBuffer other;
    Put(other, Frame(200'000));
  }  // has the scratch meanwhile
  EXPECT_EQ(buffer.content(), second.substr(0, 50));
  EXPECT_EQ(buffer.need_bytes(), second.size());
  Put(buffer, second.substr(50));
  EXPECT_EQ(buffer.content(), second);
  EXPECT_FALSE(buffer.in_frame() && buffer.need_bytes() > second.size());
}

TEST(ReceiveBufferTest, AFrameWhoseLengthIsNotKnownYetIsReadOn) {
  ReceiveBuffer buffer;
  const std::string frame = Frame(300);
  for (const char byte : frame) Put(buffer, {&byte, 1});
  EXPECT_EQ(buffer.content(), frame);
}

TEST(ReceiveBufferTest, CostsWhatCameAndSaysWhatTheRestWillTake) {
  ReceiveBuffer buffer;
  const std::string frame = Frame(protocol::kMaxFrameBytes);
  Put(buffer, std::string_view(frame).substr(0, 100));
  EXPECT_EQ(buffer.need_bytes(), kFrameMost);
  EXPECT_LE(buffer.capacity(), 4096U);
  Put(buffer, std::string_view(frame).substr(100));
  EXPECT_EQ(buffer.content(), frame);
  EXPECT_EQ(buffer.capacity(), kFrameMost);
  buffer.Consume(frame.size());
  buffer.Settle();
  EXPECT_EQ(buffer.capacity(), 0U);
}

TEST(ReceiveBufferTest, FramesThatWaitForTheirTurnCostWhatTheyAre) {
  ReceiveBuffer buffer;
  PutOnce(buffer, Frame(10) + Frame(20) + Frame(70'000).substr(0, 30));
  buffer.Settle();  // nobody took the first
  EXPECT_EQ(buffer.capacity(), 14U + 24U + 30U);
  buffer.Consume(14 + 24);
  buffer.Settle();
  EXPECT_EQ(buffer.need_bytes(), 70'004U);
}

TEST(SendQueueTest, GathersWhatIsComposedAndCountsItUntilItIsWritten) {
  SendQueue queue(64 << 10);
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
  SendQueue queue(64 << 10);
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
