#include "bookie/segment_writer.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/bytes.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {
namespace {

using common::Errc;

// Reads a segment the way a tool does that has no index.
std::vector<std::string> Records(SegmentId id, std::string_view file) {
  EXPECT_EQ(file.size() % common::kDiskBlockBytes, 0U);
  EXPECT_TRUE(CheckSegmentHeader(id, file));
  const auto footer = ParseSegmentFooter(id, file.substr(file.size() - kSegmentFooterBytes));
  EXPECT_TRUE(footer);
  EXPECT_EQ(file.size(), SegmentFileBytes(footer->bytes));
  std::vector<std::string> records;
  std::string_view rest = file.substr(kSegmentHeaderBytes, footer->bytes);
  while (!rest.empty()) {
    const auto length = common::LoadBig<std::uint32_t>(rest.data() + 4);
    const auto entry = OpenRecord(RecordSeed(id), rest.substr(0, kRecordHeaderBytes + length));
    EXPECT_TRUE(entry);
    records.emplace_back(entry.value_or(""));
    rest.remove_prefix(kRecordHeaderBytes + length);
  }
  EXPECT_EQ(records.size(), footer->records);
  return records;
}

TEST(SegmentWriterTest, WritesAFileThatVerifiesWithoutAnIndex) {
  for (const auto& sizes : std::vector<std::vector<std::size_t>>{
           {}, {1}, {1 << 20, 1, 1 << 20}, {100'000, 900'000, 48'000, 700, 4072, 1'048'560, 5}}) {
    testing::SimDisk disk;
    std::vector<std::string> entries;
    std::uint64_t bytes = 0;
    for (const std::size_t size : sizes) {
      entries.push_back(MakeEntry(1, static_cast<std::int64_t>(entries.size()), size));
      bytes += kRecordHeaderBytes + entries.back().size();
    }
    auto writer = SegmentWriter::Create(disk, 5, bytes);
    ASSERT_TRUE(writer);
    for (const std::string& entry : entries) ASSERT_TRUE((*writer)->Append(entry));
    ASSERT_TRUE((*writer)->Finish());
    common::Random random(1);
    disk.Crash(random);  // all of it was durable
    EXPECT_EQ(Records(5, disk.Contents(SegmentName(5))), entries);
  }
}

TEST(SegmentWriterTest, FindsADiskFullBeforeItWrites) {
  testing::SimDisk disk("/sim", 1 << 20);
  const auto writer = SegmentWriter::Create(disk, 5, 1 << 20);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code(), Errc::kDiskFull);
  EXPECT_EQ(disk.writes(), 0U);
  EXPECT_TRUE(disk.List()->empty());
}

TEST(SegmentWriterTest, ReportsAFailedWriteAndAFailedSync) {
  for (const bool sync : {false, true}) {
    testing::SimDisk disk;
    const std::string entry = MakeEntry(1, 1);
    auto writer = SegmentWriter::Create(disk, 5, kRecordHeaderBytes + entry.size());
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->Append(entry));
    sync ? disk.FailSync(1) : disk.FailWrite(1);
    EXPECT_EQ((*writer)->Finish().error().code(), Errc::kIo);
    writer->reset();
    EXPECT_TRUE(disk.List()->empty());
  }
}

}  // namespace
}  // namespace quire::bookie
