// WriteProtocol: changes of the ensemble that cannot be carried out, or are one too many.
#include <gtest/gtest.h>

#include "write_harness.h"

namespace quire::client {
namespace {

using Handle = WriteProtocol::Handle;

// B16
TEST(WriteChangeTest, TooManyChangesBreakTheHandleAndCloseAtTheLac) {
  WriteHarness h({3, 3, 2}, {.max_changes = 2});
  h.Append(1);
  h.ReplyToAll();
  h.Append(1);
  h.Reply(1, 0, Code::kTimeout);
  h.RunChange();
  h.Reply(1, 0, Code::kTimeout);
  h.RunChange();
  EXPECT_EQ(h.protocol.handle(), Handle::kOpen);
  h.Reply(1, 0, Code::kTimeout);
  h.RunChange();
  EXPECT_EQ(h.protocol.handle(), Handle::kBroken);
  EXPECT_EQ(h.failure(), Errc::kTooManyChanges);
  h.RunClose();
  EXPECT_EQ(h.cell.value().last_entry, EntryId(0));
}

TEST(WriteChangeTest, AMetadataOutageThatLastsBreaksTheHandle) {
  for (const Errc code : {Errc::kMetadataUnavailable, Errc::kAmbiguous}) {
    WriteHarness h;
    h.Append(1);
    h.Reply(0, 0, Code::kTimeout);
    h.change_asked = false;
    h.TellChange(common::Fail(code));
    EXPECT_EQ(h.protocol.handle(), Handle::kBroken);
    EXPECT_EQ(h.failure(), code);
    EXPECT_TRUE(h.close_asked);
  }
}

TEST(WriteChangeTest, ASegmentThatCannotBeOursIsAnErrorAndNotOverwritten) {
  WriteHarness h;
  h.Append(1);
  h.Reply(0, 0, Code::kTimeout);
  h.cell.Break([](auto& ledger) { ledger.segments[EntryId(7)] = Bookies(0, 3); });
  const auto before = h.cell.now().version;
  const auto result = h.ApplyChange();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Errc::kCorrupt);
  EXPECT_EQ(h.cell.now().version, before);
}

}  // namespace
}  // namespace quire::client
