// WriteProtocol: changes of the ensemble (protocol 1.5).
#include <gtest/gtest.h>

#include "write_harness.h"

namespace quire::client {
namespace {

using Handle = WriteProtocol::Handle;
using metadata::LedgerState;

const metadata::Ensemble& Segment(const WriteHarness& h, std::int64_t first) {
  return h.cell.value().segments.at(EntryId(first));
}

// B01
TEST(WriteChangeTest, AFailureAtTheFirstAddReplacesTheFirstSegment) {
  WriteHarness h;
  h.Append(1);
  h.Reply(0, 1, Code::kDisconnected);
  h.RunChange();
  EXPECT_EQ(h.cell.value().segments.size(), 1u);
  EXPECT_EQ(Segment(h, 0), (metadata::Ensemble{B(0), B(10), B(2)}));
  EXPECT_EQ(h.protocol.changes(), 1);
  EXPECT_EQ(h.Take(0, 1).bookie, B(10));
  h.Reply(0, 0);
  h.Reply(0, 2);
  EXPECT_EQ(h.lac(), 0);
}

// B02; M15: the segment begins at LAC + 1, not at the failing entry and not above what was pushed.
TEST(WriteChangeTest, AFailureLaterBeginsASegmentBehindTheLac) {
  WriteHarness h;
  h.Append(2, 1);
  h.ReplyToAll();
  h.Append(3, 1);
  h.Reply(4, 1, Code::kTimeout);
  h.RunChange();
  EXPECT_EQ(h.cell.value().segments.size(), 2u);
  EXPECT_EQ(Segment(h, 0), Bookies(0, 3));
  EXPECT_EQ(Segment(h, 2), (metadata::Ensemble{B(0), B(10), B(2)}));
}

TEST(WriteChangeTest, EveryFailureOfABookieStartsAChange) {
  for (const Code code : {Code::kTimeout, Code::kDisconnected, Code::kReadOnly, Code::kUnknown,
                          Code::kWrongBookie, Code::kExpired, Code::kCorrupt}) {
    WriteHarness h;
    h.Append(1);
    h.Reply(0, 0, code);
    EXPECT_TRUE(h.change_asked) << protocol::CodeName(code);
  }
}

// B03, B19
TEST(WriteChangeTest, ABookieThatFailsTwiceIsReplacedOnce) {
  WriteHarness h;
  h.Append(3, 1);
  h.Reply(0, 1, Code::kDisconnected);
  h.Reply(1, 1, Code::kTimeout);
  const auto late = h.Take(2, 1);
  h.RunChange();
  h.Reply(late, Code::kTimeout);
  EXPECT_FALSE(h.change_asked);
  h.ReplyToAll();
  EXPECT_EQ(h.lac(), 2);
  EXPECT_EQ(h.protocol.changes(), 1);
}

// B04, B09, T-06
TEST(WriteChangeTest, NothingIsConfirmedWhileTheChangeIsUnderWay) {
  WriteHarness h;
  h.Append(2, 1);
  h.Reply(0, 0);
  h.Reply(0, 2, Code::kTimeout);
  h.Reply(0, 1);
  h.Reply(1, 0);
  h.Reply(1, 1);
  h.Take(1, 2);  // never answered
  EXPECT_EQ(h.lac(), -1);
  const auto changed = h.ApplyChange();
  EXPECT_EQ(h.lac(), -1);
  h.TellChange(changed);
  // Both have their two acks from slots that stayed. The new bookie gets them all the same.
  EXPECT_EQ(h.lac(), 1);
  EXPECT_EQ(h.Take(0, 2).bookie, B(10));
  EXPECT_EQ(h.Take(1, 2).bookie, B(10));
}

// B04
TEST(WriteChangeTest, ASecondFailureDuringTheChangeIsTakenAlong) {
  WriteHarness h;
  h.Append(1);
  h.Reply(0, 0, Code::kTimeout);
  const auto first = h.ApplyChange();
  h.Reply(0, 1, Code::kTimeout);
  EXPECT_FALSE(h.change_asked);
  h.TellChange(first);
  EXPECT_TRUE(h.change_asked);
  EXPECT_TRUE(h.protocol.changing());
  h.Reply(0, 2);
  EXPECT_EQ(h.lac(), -1);
  h.RunChange();
  EXPECT_EQ(h.cell.value().segments.size(), 1u);
  EXPECT_EQ(Segment(h, 0), (metadata::Ensemble{B(10), B(11), B(2)}));
  h.Reply(0, 0);
  EXPECT_EQ(h.lac(), 0);
}

// T-07: decided, then applied, with acknowledgements in between.
TEST(WriteChangeTest, TheStartDoesNotMoveWhileTheChangeRuns) {
  WriteHarness h;
  h.Append(4, 1);
  h.Reply(0, 0);
  h.Reply(0, 1);
  h.Reply(2, 2, Code::kTimeout);
  for (int entry = 1; entry < 4; ++entry) {
    h.Reply(entry, 0);
    h.Reply(entry, 1);
  }
  h.Append(1);
  h.RunChange();
  EXPECT_EQ(h.cell.value().LastSegmentFirst(), EntryId(1));
  EXPECT_EQ(h.lac(), 3);
}

// T-08, M12
TEST(WriteChangeTest, WhatTheOldBookieAcknowledgedCountsNoMore) {
  WriteHarness h;
  h.Append(2, 1);
  h.Reply(1, 1);  // by the bookie that is replaced now
  h.Reply(0, 1, Code::kTimeout);
  h.RunChange();
  h.Reply(0, 0);
  h.Reply(0, 2);
  h.Reply(1, 0);
  EXPECT_EQ(h.lac(), 0);
  h.Reply(1, 1);
  EXPECT_EQ(h.lac(), 1);
}

// M13, T-09: by generation and not by address.
TEST(WriteChangeTest, LateRepliesOfAReplacedBookieAreVoid) {
  WriteHarness h;
  h.Append(2, 1);
  const auto late = h.Take(1, 1);
  h.Reply(0, 1, Code::kTimeout);
  h.RunChange();
  for (const Code code : {Code::kOk, Code::kTimeout, Code::kFenced, Code::kBusy}) {
    h.Reply(late, code);
    EXPECT_EQ(h.protocol.handle(), Handle::kOpen);
    EXPECT_FALSE(h.change_asked);
    EXPECT_TRUE(h.later.empty());
  }
  h.Reply(0, 0);
  h.Reply(0, 2);
  h.Reply(1, 0);
  EXPECT_EQ(h.lac(), 0);
}

// T-09 over two changes: B1 comes back into its slot and what it said in its first life is void.
TEST(WriteChangeTest, AReplacedBookieThatReturnsBeginsAnew) {
  WriteHarness h;
  h.Append(1);
  const auto first_life = h.Take(0, 1);
  h.Reply(first_life, Code::kTimeout);
  h.RunChange();
  h.spares = {B(1)};
  h.Reply(0, 1, Code::kTimeout);
  h.RunChange();
  EXPECT_EQ(Segment(h, 0), Bookies(0, 3));
  EXPECT_EQ(h.Take(0, 1).bookie, B(1));
  h.Reply(0, 0);
  h.Reply(first_life, Code::kOk);
  EXPECT_EQ(h.lac(), -1);
  h.Reply(0, 2);
  EXPECT_EQ(h.lac(), 0);
}

// T-09, B22: within one change a bookie that failed is never taken again.
TEST(WriteChangeTest, ABookieThatFailedInThisChangeIsNotPickedAgain) {
  WriteHarness h;
  h.spares = {B(0), B(1), B(12)};
  h.Append(1);
  h.Reply(0, 0, Code::kTimeout);
  const auto first = h.ApplyChange();
  EXPECT_EQ(first->value->LastEnsemble()[0], B(12));
  h.Reply(0, 1, Code::kTimeout);
  h.TellChange(first);
  h.spares = {B(0), B(1), B(13)};
  h.RunChange();
  EXPECT_EQ(Segment(h, 0), (metadata::Ensemble{B(12), B(13), B(2)}));
}

// B22
TEST(WriteChangeTest, ASpareThatFailsTooIsReplacedInPlace) {
  WriteHarness h;
  h.Append(1);
  h.Reply(0, 0, Code::kTimeout);
  h.RunChange();
  h.Reply(0, 0, Code::kTimeout);
  h.RunChange();
  EXPECT_EQ(h.cell.value().segments.size(), 1u);
  EXPECT_EQ(Segment(h, 0), (metadata::Ensemble{B(11), B(1), B(2)}));
  EXPECT_EQ(h.Take(0, 0).bookie, B(11));
}

// B06, B07
TEST(WriteChangeTest, ALedgerThatSomebodyElseEndsStopsTheWriter) {
  const std::vector<std::pair<LedgerState, Errc>> all = {
      {LedgerState::kInRecovery, Errc::kFenced},
      {LedgerState::kClosed, Errc::kLedgerClosed},
      {LedgerState::kDeleted, Errc::kNoSuchLedger}};
  for (const auto& [state, error] : all) {
    WriteHarness h;
    h.Append(2, 1);
    h.Reply(0, 0);
    h.Reply(0, 1, Code::kTimeout);
    h.cell.Foreign([state = state](auto& ledger) { ledger.state = state; });
    const auto before = h.cell.now().version;
    h.RunChange();
    EXPECT_EQ(h.protocol.handle(), Handle::kFenced);
    EXPECT_EQ(h.failure(), error);
    EXPECT_TRUE(h.stopped);
    EXPECT_FALSE(h.close_asked);
    EXPECT_EQ(h.cell.now().version, before);
    h.ReplyToAll();
    EXPECT_EQ(h.lac(), -1);
  }
}

// B08
TEST(WriteChangeTest, KeepsWhatRepairDidToAnEarlierSegment) {
  WriteHarness h;
  h.Append(1);
  h.ReplyToAll();
  h.Append(1);
  h.Reply(1, 0, Code::kTimeout);
  h.RunChange();
  h.ReplyToAll();
  h.cell.Foreign([](auto& ledger) { ledger.segments[EntryId(0)][1] = B(50); });
  h.Append(1);
  h.Reply(2, 2, Code::kTimeout);
  h.RunChange();
  EXPECT_EQ(Segment(h, 0), (metadata::Ensemble{B(0), B(50), B(2)}));
  EXPECT_EQ(Segment(h, 1), (metadata::Ensemble{B(10), B(1), B(2)}));
  EXPECT_EQ(Segment(h, 2), (metadata::Ensemble{B(10), B(1), B(11)}));
  h.ReplyToAll();
  EXPECT_EQ(h.lac(), 2);
}

// T-26: the answer to the own swap was lost; the update finds its value there and is done.
TEST(WriteChangeTest, AChangeFoundDoneIsGoneOnWith) {
  WriteHarness h;
  h.Append(1);
  h.Reply(0, 0, Code::kTimeout);
  ASSERT_TRUE(h.ApplyChange());
  h.change_asked = true;
  h.RunChange();
  EXPECT_EQ(h.cell.now().version.value, 1);
  EXPECT_EQ(h.Take(0, 0).bookie, B(10));
  EXPECT_EQ(h.protocol.ensemble()[0], B(10));
}

// B10
TEST(WriteChangeTest, AFailureOutsideTheWriteSetOfTheHeadDoesNotHoldItUp) {
  WriteHarness h({4, 2, 2});
  h.Append(3, 1);
  h.Reply(2, 3, Code::kTimeout);  // entry 0 is on slots 0 and 1
  h.Reply(0, 0);
  h.Reply(0, 1);
  EXPECT_EQ(h.lac(), -1);
  h.RunChange();
  EXPECT_EQ(h.lac(), 0);
  EXPECT_FALSE(h.IsSent(0, 3));
  EXPECT_TRUE(h.IsSent(2, 3));
}

// B21
TEST(WriteChangeTest, AcknowledgementsOfBookiesThatStayAreKept) {
  WriteHarness h({6, 2, 2});
  h.Append(6, 1);
  h.Reply(1, 1);
  h.Reply(1, 2);  // acked by bookies 1 and 2, which stay
  h.Reply(0, 0, Code::kTimeout);
  h.Reply(3, 3, Code::kTimeout);
  h.RunChange();
  h.RunChange();  // slot 3 failed meanwhile
  EXPECT_EQ(Segment(h, 0), (metadata::Ensemble{B(10), B(1), B(2), B(11), B(4), B(5)}));
  h.Reply(0, 0);
  h.Reply(0, 1);
  EXPECT_EQ(h.lac(), 1);
}

// B11
TEST(WriteChangeTest, ACloseDuringTheChangeWaitsForIt) {
  WriteHarness h;
  h.Append(2, 1);
  h.Reply(0, 0, Code::kTimeout);
  h.Close();
  h.Reply(0, 1);
  h.Reply(0, 2);
  EXPECT_FALSE(h.close_asked);
  h.RunChange();
  EXPECT_FALSE(h.close_asked);
  h.ReplyToAll();
  EXPECT_EQ(h.lac(), 1);
  h.RunClose();
  EXPECT_EQ(h.cell.value().last_entry, EntryId(1));
  EXPECT_EQ(h.close_error(), std::nullopt);
}

TEST(WriteChangeTest, AFenceDuringTheChangeEndsTheCloseToo) {
  WriteHarness h;
  h.Append(1);
  h.Reply(0, 0, Code::kTimeout);
  h.Close();
  const auto changed = h.ApplyChange();
  h.Reply(0, 1, Code::kFenced);
  EXPECT_TRUE(h.stopped);
  EXPECT_EQ(h.close_error(), Errc::kFenced);
  h.TellChange(changed);
  EXPECT_EQ(h.sent.size(), 1u);  // from before
  EXPECT_FALSE(h.close_asked || h.change_asked);
}

// An empty last segment: changed, then closed with nothing more confirmed (1.1).
TEST(WriteChangeTest, ALedgerMayCloseWithAnEmptyLastSegment) {
  WriteHarness h;
  h.Append(2, 1);
  h.Reply(0, 0);
  h.Reply(0, 1);
  h.Reply(1, 0);
  h.Reply(1, 1);
  h.Reply(1, 2, Code::kTimeout);  // B17, T-10: late, of a confirmed entry, and still a change
  h.RunChange();
  EXPECT_EQ(h.sent.size(), 1u);  // of entry 0, from before: the new one gets nothing confirmed
  h.Close();
  h.RunClose();
  EXPECT_EQ(h.cell.value().LastSegmentFirst(), EntryId(2));
  EXPECT_EQ(h.cell.value().last_entry, EntryId(1));
}

// B17: the next append goes to the new bookie.
TEST(WriteChangeTest, ALateFailureAfterTheAckReplacesTheBookieForWhatFollows) {
  WriteHarness h;
  h.Append(1);
  h.Reply(0, 0);
  h.Reply(0, 1);
  h.Reply(0, 2, Code::kTimeout);
  h.RunChange();
  h.Append(1);
  EXPECT_EQ(h.Take(1, 2).bookie, B(10));
  EXPECT_EQ(Segment(h, 0), Bookies(0, 3));
}

}  // namespace
}  // namespace quire::client
