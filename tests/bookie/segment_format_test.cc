#include "bookie/segment_format.h"

#include <gtest/gtest.h>

namespace quire::bookie {
namespace {

using common::Errc;

TEST(SegmentFormatTest, NamesSortLikeIdsAndParseBack) {
  EXPECT_EQ(SegmentName(0x1f), "segment-000000000000001f.seg");
  EXPECT_EQ(ParseSegmentName(SegmentName(~0ULL)), ~0ULL);
  for (const char* name : {"segment-1f.seg", "segment-000000000000001F.seg", "journal-1",
                           "segment-000000000000001f.tmp", "segment-00000000000000-1.seg"}) {
    EXPECT_FALSE(ParseSegmentName(name)) << name;
  }
}

TEST(SegmentFormatTest, ARecordIsBoundToItsSegment) {
  common::AlignedBuffer buffer;
  AppendRecord(RecordSeed(7), "the entry", buffer);
  std::string record(buffer.view());
  EXPECT_EQ(OpenRecord(RecordSeed(7), record), "the entry");
  EXPECT_FALSE(OpenRecord(RecordSeed(8), record));
  EXPECT_FALSE(OpenRecord(RecordSeed(7), std::string_view(record).substr(0, record.size() - 1)));
  for (std::size_t i = 0; i < record.size(); ++i) {
    record[i] ^= 0x10;
    EXPECT_FALSE(OpenRecord(RecordSeed(7), record)) << i;
    record[i] ^= 0x10;
  }
}

TEST(SegmentFormatTest, HeaderAndFooterCheckThemselves) {
  common::AlignedBuffer buffer;
  AppendSegmentHeader(7, buffer);
  AppendSegmentFooter(7, {.records = 3, .bytes = 99}, buffer);
  std::string header(buffer.view().substr(0, kSegmentHeaderBytes));
  std::string footer(buffer.view().substr(kSegmentHeaderBytes));
  ASSERT_EQ(footer.size(), kSegmentFooterBytes);
  EXPECT_TRUE(CheckSegmentHeader(7, header));
  EXPECT_EQ(CheckSegmentHeader(8, header).error().code(), Errc::kCorrupt);
  EXPECT_EQ(CheckSegmentHeader(7, "short").error().code(), Errc::kCorrupt);
  EXPECT_EQ(CheckSegmentHeader(7, footer).error().code(), Errc::kCorrupt);
  const auto parsed = ParseSegmentFooter(7, footer);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->records, 3U);
  EXPECT_EQ(parsed->bytes, 99U);
  EXPECT_FALSE(ParseSegmentFooter(8, footer));
  header[9] ^= 1;
  footer[20] ^= 1;
  EXPECT_FALSE(CheckSegmentHeader(7, header));
  EXPECT_FALSE(ParseSegmentFooter(7, footer));
}

}  // namespace
}  // namespace quire::bookie
