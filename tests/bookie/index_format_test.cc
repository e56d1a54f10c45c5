#include "bookie/index_format.h"

#include <gtest/gtest.h>

#include <limits>

namespace quire::bookie {
namespace {

using common::Errc;
using protocol::EntryId;
using protocol::LedgerId;

TEST(IndexFormatTest, KeysSortByNumberAndParseBack) {
  EXPECT_LT(ExtentKey(LedgerId(1), EntryId(256)), ExtentKey(LedgerId(1), EntryId(257)));
  EXPECT_LT(ExtentKey(LedgerId(1), EntryId(1000)), ExtentKey(LedgerId(2), EntryId(0)));
  EXPECT_EQ(ParseExtentKey(ExtentKey(LedgerId(7), EntryId(9)), LedgerId(7)), EntryId(9));
  EXPECT_FALSE(ParseExtentKey(ExtentKey(LedgerId(7), EntryId(9)), LedgerId(8)));
  EXPECT_FALSE(ParseExtentKey(ExtentPrefix(LedgerId(7)), LedgerId(7)));
  EXPECT_EQ(ParseNumberKey(StateKey(LedgerId(7)), 'L'), 7U);
  EXPECT_EQ(ParseNumberKey(TombstoneKey(3), 'T'), 3U);
  EXPECT_EQ(ParseNumberKey(SegmentKey(9), 'S'), 9U);
  EXPECT_FALSE(ParseNumberKey(SegmentKey(9), 'L'));
  EXPECT_FALSE(ParseNumberKey(kCommitKey, 'M'));
}

TEST(IndexFormatTest, AValueUnderAnotherKeyOrWithAFlippedBitIsCorrupt) {
  std::string value = SealValue("key", "content");
  EXPECT_EQ(*OpenValue("key", value), "content");
  EXPECT_EQ(OpenValue("kex", value).error().code(), Errc::kCorrupt);
  EXPECT_FALSE(OpenValue("key", "abc"));
  for (char& c : value) {
    c ^= 4;
    EXPECT_FALSE(OpenValue("key", value));
    c ^= 4;
  }
}

TEST(IndexFormatTest, StatesComeBack) {
  const LedgerState full{.key = {.high = 5, .low = 6},
                         .fenced = true,
                         .limbo = true,
                         .deleted = true,
                         .last_entry = EntryId(std::numeric_limits<std::int64_t>::max()),
                         .lac = EntryId(12)};
  EXPECT_EQ(*DecodeState(EncodeState(full)), full);
  EXPECT_EQ(*DecodeState(EncodeState({})), LedgerState{});
  for (const auto& one :
       {LedgerState{.key = {}, .fenced = true}, LedgerState{.key = {}, .limbo = true},
        LedgerState{.key = {}, .deleted = true}}) {
    EXPECT_EQ(*DecodeState(EncodeState(one)), one);
  }
  const std::string bytes = EncodeState(full);
  EXPECT_FALSE(DecodeState(bytes.substr(1)));
  EXPECT_FALSE(DecodeState(bytes + "x"));
  EXPECT_FALSE(DecodeState("\x10" + bytes.substr(1)));
}

TEST(IndexFormatTest, TombstonesComeBack) {
  Tombstones::Bits bits{};
  EXPECT_FALSE(DecodeTombstones(EncodeTombstones(bits))) << "a block without one is not kept";
  for (const std::int64_t id : {2048, 2100, 3071}) Tombstones::Set(bits, LedgerId(id));
  EXPECT_EQ(Tombstones::Count(bits), 3U);
  const std::string bytes = EncodeTombstones(bits);
  EXPECT_EQ(*DecodeTombstones(bytes), bits);
  EXPECT_FALSE(DecodeTombstones(bytes.substr(1)));
  EXPECT_FALSE(DecodeTombstones(bytes + "x"));
}

TEST(IndexFormatTest, ARecordOfAnotherVersionIsNotUnderstood) {
  const auto commit = DecodeCommit(EncodeCommit({.stored = 44, .next_segment = 3}));
  ASSERT_TRUE(commit);
  EXPECT_EQ(commit->stored, 44U);
  EXPECT_EQ(commit->next_segment, 3U);
  // A record from before there was a floor reads as one without.
  EXPECT_EQ(commit->limbo_floor, LedgerId(0));
  const CommitRecord rebuilt{.stored = 44, .next_segment = 3, .limbo_floor = LedgerId(7)};
  EXPECT_EQ(EncodeCommit(rebuilt).size(), EncodeCommit(*commit).size() + 8);
  EXPECT_EQ(*DecodeCommit(EncodeCommit(rebuilt)), rebuilt);
  EXPECT_FALSE(DecodeCommit(EncodeCommit(*commit) + std::string(8, '\0')));
  EXPECT_FALSE(DecodeCommit(EncodeCommit(rebuilt) + "x"));
  const CommitRecord owned{.stored = 44, .next_segment = 3, .bookie = {.high = 5, .low = 6}};
  EXPECT_EQ(DecodeCommit(EncodeCommit(owned))->bookie, owned.bookie);
  EXPECT_TRUE(commit->bookie.is_nil()) << "as in an index of before";
  EXPECT_FALSE(DecodeCommit(EncodeCommit(owned).substr(0, 30)));
  CommitRecord both = owned;
  both.limbo_floor = LedgerId(7);
  EXPECT_EQ(*DecodeCommit(EncodeCommit(both)), both);
  EXPECT_FALSE(DecodeCommit(EncodeCommit(both) + "x"));
  EXPECT_FALSE(DecodeCommit(EncodeCommit(both) + std::string(16, 'x')));
  CommitRecord undeleted = both;
  undeleted.undeleted_below = 45;
  EXPECT_EQ(*DecodeCommit(EncodeCommit(undeleted)), undeleted);
  EXPECT_FALSE(DecodeCommit(EncodeCommit(undeleted) + "x"));
  std::string none = EncodeCommit(undeleted);
  none.replace(none.size() - 8, 8, 8, '\0');
  EXPECT_FALSE(DecodeCommit(none)) << "one spelling only";
  for (const CommitRecord& part : {rebuilt, owned, *commit}) {  // and what it had is kept
    CommitRecord marked = part;
    marked.undeleted_below = 1;
    EXPECT_EQ(*DecodeCommit(EncodeCommit(marked)), marked);
  }
  std::string bytes = EncodeCommit({});
  ++bytes[3];
  EXPECT_EQ(DecodeCommit(bytes).error().code(), Errc::kUnsupported);
  EXPECT_EQ(DecodeCommit("").error().code(), Errc::kCorrupt);
}

TEST(IndexFormatTest, ASegmentCannotHaveMoreLiveThanTotal) {
  EXPECT_EQ(*DecodeSpace(EncodeSpace({.total = 9, .live = 4})),
            (SegmentSpace{.total = 9, .live = 4}));
  EXPECT_FALSE(DecodeSpace(EncodeSpace({.total = 4, .live = 9})));
}

}  // namespace
}  // namespace quire::bookie
