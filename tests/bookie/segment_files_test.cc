#include "bookie/segment_files.h"

#include <gtest/gtest.h>

#include "bookie/segment_writer.h"
#include "tests/support/sim_disk.h"

namespace quire::bookie {
namespace {

using common::Errc;

class SegmentFilesTest : public ::testing::Test {
 protected:
  void Write(SegmentId id) {
    auto writer = SegmentWriter::Create(disk_, id, 0);
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->Finish());
    files_.Add(id);
  }

  testing::SimDisk disk_;
  SegmentFiles files_{disk_, 2};
};

TEST_F(SegmentFilesTest, ClosesTheLeastRecentlyUsed) {
  for (SegmentId id = 1; id <= 3; ++id) Write(id);
  const auto first = files_.Open(1);
  ASSERT_TRUE(first && *first);
  ASSERT_TRUE(files_.Open(2));
  EXPECT_EQ(files_.Open(1)->get(), first->get());
  ASSERT_TRUE(files_.Open(3));  // closes 2
  EXPECT_EQ(files_.open_files(), 2U);
  EXPECT_EQ(files_.Open(1)->get(), first->get());
}

TEST_F(SegmentFilesTest, ARemovedSegmentIsNullAndAnOpenOneStaysReadable) {
  Write(1);
  Write(2);
  const auto open = files_.Open(1);
  ASSERT_TRUE(open && *open);
  ASSERT_TRUE(files_.Remove({1}));
  EXPECT_EQ(*files_.List(), std::vector<SegmentId>{2});
  const auto gone = files_.Open(1);
  ASSERT_TRUE(gone);
  EXPECT_EQ(*gone, nullptr);
  char byte;
  EXPECT_EQ((*open)->file->Read(0, {&byte, 1}), 1U);
  EXPECT_EQ(files_.open_files(), 0U);
}

TEST_F(SegmentFilesTest, RefusesAFileThatIsAnotherOne) {
  Write(1);
  disk_.Flip(SegmentName(1), 15);
  EXPECT_EQ(files_.Open(1).error().code(), Errc::kCorrupt);
  Write(2);
  Write(3);
  ASSERT_TRUE(disk_.Rename(SegmentName(2), SegmentName(3)));
  EXPECT_EQ(files_.Open(3).error().code(), Errc::kCorrupt);
  EXPECT_EQ(files_.Open(2).error().code(), Errc::kIo);
}

TEST_F(SegmentFilesTest, ListsOnlySegments) {
  ASSERT_TRUE(disk_.Open("journal-1", {.create = true}));
  Write(0x10);
  Write(0x9);
  EXPECT_EQ(*files_.List(), (std::vector<SegmentId>{0x9, 0x10}));
}

}  // namespace
}  // namespace quire::bookie
