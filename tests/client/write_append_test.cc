// WriteProtocol: appends, acknowledgements and the ways to stop, without a change of the ensemble.
#include <gtest/gtest.h>

#include "protocol/limits.h"
#include "write_harness.h"

namespace quire::client {
namespace {

using Handle = WriteProtocol::Handle;

TEST(WriteAppendTest, SendsEveryEntryToItsWriteSet) {
  WriteHarness h({5, 3, 2});
  h.Append(7, 10);
  for (std::int64_t entry = 0; entry < 7; ++entry) {
    for (int slot = 0; slot < 5; ++slot) {
      EXPECT_EQ(h.IsSent(entry, slot), protocol::InWriteSet({5, 3, 2}, EntryId(entry), slot));
    }
  }
  EXPECT_EQ(h.sent.size(), 21u);
}

TEST(WriteAppendTest, EncodesHeaderWithLacAndLengthOfItsTime) {
  WriteHarness h;
  h.Append(10);
  h.Append(5);
  h.Reply(0, 0);
  h.Reply(0, 1);
  h.Append(1);
  const auto header = [&](std::int64_t entry) {
    const auto verified =
        protocol::VerifyEntry(h.Take(entry, 2).bytes, h.cell.value().id, EntryId(entry));
    EXPECT_TRUE(verified);
    return *verified;
  };
  EXPECT_EQ(header(0).length, 10);
  const auto second = header(1);
  EXPECT_EQ(second.length, 15);
  EXPECT_EQ(second.lac, kNoEntry);
  const auto last = header(2);
  EXPECT_EQ(last.length, 16);
  EXPECT_EQ(last.lac, EntryId(0));
}

TEST(WriteAppendTest, ConfirmsAtAckQuorumAndNotBefore) {
  WriteHarness h({3, 3, 2});
  h.Append(4);
  h.Reply(0, 2);
  EXPECT_EQ(h.lac(), -1);
  h.Reply(0, 0);
  EXPECT_EQ(h.lac(), 0);
  EXPECT_EQ(h.protocol.length(), 4);
  h.Reply(0, 1);
  EXPECT_EQ(h.lac(), 0);
}

TEST(WriteAppendTest, CountsASlotOnce) {
  WriteHarness h({3, 3, 2});
  h.Append(1);
  const auto sent = h.Take(0, 1);
  h.Reply(sent, Code::kOk);
  h.Reply(sent, Code::kOk);
  EXPECT_EQ(h.lac(), -1);
}

// A07
TEST(WriteAppendTest, ConfirmsInOrderWhateverOrderRepliesComeIn) {
  WriteHarness h({3, 3, 2});
  h.Append(4, 1);
  for (const std::int64_t entry : {3, 1, 2}) {
    h.Reply(entry, 0);
    h.Reply(entry, 1);
    EXPECT_EQ(h.lac(), -1);
  }
  h.Reply(0, 2);
  h.Reply(0, 0);
  EXPECT_EQ(h.lac(), 3);
  EXPECT_EQ(h.protocol.length(), 4);
}

TEST(WriteAppendTest, RefusesAPayloadAboveTheLimitAndGoesOn) {
  WriteHarness h;
  const auto entry = h.Append(protocol::kMaxPayloadBytes + 1);
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code(), Errc::kEntryTooLarge);
  EXPECT_TRUE(h.sent.empty());
  EXPECT_EQ(*h.Append(protocol::kMaxPayloadBytes), EntryId(0));
}

TEST(WriteAppendTest, OneFencedReplyStopsTheHandle) {
  WriteHarness h;
  h.Append(3, 1);
  h.Reply(0, 0);
  h.Reply(0, 1);
  h.Reply(2, 1, Code::kFenced);
  EXPECT_EQ(h.protocol.handle(), Handle::kFenced);
  EXPECT_EQ(h.failure(), Errc::kFenced);
  EXPECT_TRUE(h.stopped);
  EXPECT_EQ(h.lac(), 0);
  // Nothing has an effect any more, and the metadata is never touched again.
  h.ReplyToAll();
  EXPECT_EQ(h.lac(), 0);
  EXPECT_EQ(h.Append(1).error().code(), Errc::kFenced);
  h.Close();
  EXPECT_EQ(h.close_error(), Errc::kFenced);
  EXPECT_FALSE(h.close_asked || h.change_asked);
  EXPECT_TRUE(h.sent.empty());
  EXPECT_EQ(h.cell.now().version.value, 0);
}

// What breaks a handle for good closes the ledger at the LAC: readers learn the end at once.
TEST(WriteAppendTest, TerminalRepliesBreakTheHandleAndCloseAtTheLac) {
  const std::vector<std::pair<Code, Errc>> all = {{Code::kUnauthorized, Errc::kUnauthorized},
                                                  {Code::kConflict, Errc::kConflict},
                                                  {Code::kBadRequest, Errc::kInvalidArgument}};
  for (const auto& [code, error] : all) {
    WriteHarness h;
    h.Append(3, 4);
    h.Reply(0, 0);
    h.Reply(0, 1);
    h.Reply(1, 0, code);
    EXPECT_EQ(h.protocol.handle(), Handle::kBroken);
    EXPECT_EQ(h.failure(), error);
    EXPECT_FALSE(h.stopped);
    EXPECT_EQ(h.Append(1).error().code(), error);
    h.Close();
    EXPECT_FALSE(h.stopped);  // the close under way serves this one too
    h.RunClose();
    EXPECT_TRUE(h.stopped);
    EXPECT_EQ(h.close_error(), std::nullopt);
    EXPECT_EQ(h.cell.value().state, metadata::LedgerState::kClosed);
    EXPECT_EQ(h.cell.value().last_entry, EntryId(0));
    EXPECT_EQ(h.cell.value().length, 4);
  }
}

TEST(WriteAppendTest, ABrokenHandleDoesNotCloseALedgerInRecovery) {
  WriteHarness h;
  h.Append(1);
  h.cell.Foreign([](auto& ledger) { ledger.state = metadata::LedgerState::kInRecovery; });
  h.Reply(0, 0, Code::kUnauthorized);
  h.RunClose();
  EXPECT_EQ(h.cell.value().state, metadata::LedgerState::kInRecovery);
  EXPECT_EQ(h.close_error(), Errc::kFenced);
}

TEST(WriteBusyTest, SendsAgainAfterAPauseInsteadOfReplacingTheBookie) {
  WriteHarness h({3, 3, 3});
  h.Append(1);
  h.Reply(0, 0);
  h.Reply(0, 1);
  for (int i = 0; i < 50; ++i) {
    h.Reply(0, 2, Code::kBusy);
    ASSERT_EQ(h.later.size(), 1u);
    h.ResendLater();
  }
  EXPECT_FALSE(h.change_asked);
  h.Reply(0, 2);
  EXPECT_EQ(h.lac(), 0);
}

TEST(WriteBusyTest, AnOverloadedBookieRefusesManyAtOnceAndIsNotFailed) {
  WriteHarness h({3, 3, 2}, {.max_busy_retries = 3});
  h.Append(200, 1);
  for (int round = 0; round < 3; ++round) {
    for (int entry = 0; entry < 200; ++entry) h.Reply(entry, 2, Code::kBusy);
    EXPECT_FALSE(h.change_asked) << round;
    EXPECT_EQ(h.later.size(), 200u);
    h.ResendLater();
  }
  h.Reply(0, 2, Code::kBusy);
  EXPECT_TRUE(h.change_asked);  // but it must end
}

TEST(WriteBusyTest, AnAcknowledgementBeginsTheCountAnew) {
  WriteHarness h({3, 3, 3}, {.max_busy_retries = 2});
  h.Append(5, 1);
  for (int entry = 0; entry < 5; ++entry) {
    for (int i = 0; i < 2; ++i) {
      h.Reply(entry, 1, Code::kBusy);
      h.ResendLater();
    }
    h.Reply(entry, 1);
  }
  EXPECT_FALSE(h.change_asked);
}

// Others acknowledged it meanwhile: the slot must still get it, and is not failed for being slow.
TEST(WriteBusyTest, AConfirmedEntryIsStillSentAgainToABusySlot) {
  WriteHarness h({3, 3, 2});
  h.Append(3, 1);
  for (int entry = 0; entry < 3; ++entry) {
    h.Reply(entry, 0);
    h.Reply(entry, 1);
  }
  EXPECT_EQ(h.lac(), 2);
  h.Reply(1, 2, Code::kBusy);
  EXPECT_FALSE(h.change_asked);
  h.ResendLater();
  EXPECT_TRUE(h.IsSent(1, 2));
  h.ReplyToAll();
  EXPECT_FALSE(h.change_asked);
}

TEST(WriteBusyTest, ABusySlotThatIsFarBehindIsFailed) {
  WriteHarness h({3, 3, 2});
  h.Append(4, protocol::kMaxPayloadBytes);
  for (int entry = 0; entry < 4; ++entry) {
    h.Reply(entry, 0);
    h.Reply(entry, 1);
  }
  h.Reply(0, 2, Code::kBusy);
  EXPECT_TRUE(h.change_asked);
}

// C01
TEST(WriteCloseTest, WaitsForWhatIsPendingAndClosesAtTheLac) {
  WriteHarness h;
  h.Append(3, 7);
  h.Close();
  EXPECT_FALSE(h.close_asked);
  h.ReplyToAll();
  EXPECT_EQ(h.lac(), 2);
  h.RunClose();
  EXPECT_TRUE(h.stopped);
  EXPECT_EQ(h.protocol.handle(), Handle::kClosed);
  EXPECT_EQ(h.cell.value().last_entry, EntryId(2));
  EXPECT_EQ(h.cell.value().length, 21);
}

// C02
TEST(WriteCloseTest, TakesNoAppendsOnceClosing) {
  WriteHarness h;
  h.Append(1);
  h.Close();
  EXPECT_EQ(h.Append(1).error().code(), Errc::kLedgerClosed);
  h.ReplyToAll();
  h.RunClose();
  EXPECT_EQ(h.Append(1).error().code(), Errc::kLedgerClosed);
}

// C03
TEST(WriteCloseTest, ASecondCloseSharesTheFirst) {
  WriteHarness h;
  h.Close();
  h.Close();
  EXPECT_FALSE(h.stopped);
  h.RunClose();
  EXPECT_TRUE(std::exchange(h.stopped, false));
  h.Close();
  EXPECT_TRUE(h.stopped);
  EXPECT_EQ(h.close_error(), std::nullopt);
  EXPECT_FALSE(h.close_asked);
}

// T-21
TEST(WriteCloseTest, ClosesAnEmptyLedgerAtNoEntry) {
  WriteHarness h;
  h.Close();
  h.RunClose();
  EXPECT_EQ(h.cell.value().last_entry, kNoEntry);
  EXPECT_EQ(h.cell.value().length, 0);
}

// C05, and the answer to an own close that was lost
TEST(WriteCloseTest, ALedgerClosedAtTheSameEndIsSuccess) {
  WriteHarness h;
  h.Append(3);
  h.ReplyToAll();
  h.Close();
  h.cell.Foreign([](auto& ledger) {
    ledger.state = metadata::LedgerState::kClosed;
    ledger.last_entry = EntryId(0);
    ledger.length = 3;
  });
  h.RunClose();
  EXPECT_EQ(h.protocol.handle(), Handle::kClosed);
  EXPECT_EQ(h.close_error(), std::nullopt);
}

// C06
TEST(WriteCloseTest, ALedgerClosedAtAnotherEndIsAConflict) {
  WriteHarness h;
  h.Append(3);
  h.ReplyToAll();
  h.Close();
  h.cell.Foreign([](auto& ledger) { ledger.state = metadata::LedgerState::kClosed; });
  h.RunClose();
  EXPECT_EQ(h.close_error(), Errc::kMetadataConflict);
  EXPECT_EQ(h.cell.value().last_entry, kNoEntry);
}

// C07 as protocol 1.5 has it (T-24): the recoverer decides the end.
TEST(WriteCloseTest, ALedgerInRecoveryIsNotClosedOverIt) {
  WriteHarness h;
  h.Append(3);
  h.ReplyToAll();
  h.Close();
  h.cell.Foreign([](auto& ledger) { ledger.state = metadata::LedgerState::kInRecovery; });
  h.RunClose();
  EXPECT_EQ(h.protocol.handle(), Handle::kFenced);
  EXPECT_EQ(h.close_error(), Errc::kFenced);
  EXPECT_EQ(h.cell.value().state, metadata::LedgerState::kInRecovery);
}

TEST(WriteCloseTest, ADeletedLedgerSaysSo) {
  WriteHarness h;
  h.Close();
  h.cell.Foreign([](auto& ledger) { ledger.state = metadata::LedgerState::kDeleted; });
  h.RunClose();
  EXPECT_EQ(h.close_error(), Errc::kNoSuchLedger);
}

// C04, T-23
TEST(WriteCloseTest, KeepsWhatRepairWroteMeanwhile) {
  WriteHarness h({3, 3, 2});
  h.Append(1);
  h.ReplyToAll();
  h.Append(1);
  h.Reply(1, 0, Code::kTimeout);
  h.RunChange();
  h.ReplyToAll();
  h.Close();
  h.cell.Foreign([](auto& ledger) { ledger.segments[EntryId(0)][2] = B(40); });
  h.RunClose();
  EXPECT_EQ(h.cell.value().state, metadata::LedgerState::kClosed);
  EXPECT_EQ(h.cell.value().segments.at(EntryId(0))[2], B(40));
  EXPECT_EQ(h.cell.value().last_entry, EntryId(1));
}

// Every entry is confirmed when the close is sent. A straggler that fails or is refused then must
// not begin a change that meets our own close and reads it as a stranger's.
TEST(WriteCloseTest, LateFailuresDuringTheCloseChangeNothing) {
  for (const Code code : {Code::kTimeout, Code::kFenced, Code::kUnauthorized}) {
    WriteHarness h({3, 3, 2});
    h.Append(1);
    h.Close();
    h.Reply(0, 0);
    h.Reply(0, 1);
    EXPECT_TRUE(h.close_asked);
    h.Reply(0, 2, code);
    EXPECT_FALSE(h.change_asked);
    h.RunClose();
    EXPECT_EQ(h.protocol.handle(), Handle::kClosed);
    EXPECT_EQ(h.close_error(), std::nullopt);
  }
}

TEST(WriteCloseTest, AMetadataErrorIsToldAndTheHandleEnds) {
  WriteHarness h;
  h.Close();
  h.close_asked = false;
  h.TellClose(common::Fail(Errc::kMetadataUnavailable));
  EXPECT_TRUE(h.stopped);
  EXPECT_EQ(h.close_error(), Errc::kMetadataUnavailable);
}

}  // namespace
}  // namespace quire::client
