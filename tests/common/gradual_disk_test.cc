#include "common/gradual_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

namespace quire::common {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::uint64_t kFileBytes = 64 << 10;

class GradualDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::temp_directory_path() / "quire-gradual-XXXXXX").string();
    ASSERT_NE(::mkdtemp(path_.data()), nullptr);
    options_ = {.piece_bytes = 4 << 10, .pause = std::chrono::milliseconds(1)};
    Open();
  }
  ~GradualDiskTest() override {
    disk_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  void Open() {
    disk_.reset();
    auto disk = PosixDisk::Create(path_);
    ASSERT_TRUE(disk);
    auto gradual = GradualDisk::Create(std::move(*disk), options_);
    ASSERT_TRUE(gradual) << gradual.error().ToString();
    disk_ = std::move(*gradual);
  }
  void Write(std::string_view name, std::uint64_t bytes = kFileBytes) {
    const auto file = disk_->Open(name, {.create = true});
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->Write(0, std::string(bytes, 'x')));
  }
  std::vector<std::string> Listed() const { return *disk_->List(); }
  // What is really there.
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  void AwaitNoFiles() const {
    while (!Files().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  std::string path_;
  GradualDisk::Options options_;
  std::unique_ptr<GradualDisk> disk_;
};

TEST_F(GradualDiskTest, WhatIsRemovedIsGoneAtOnceAndFreeInTheEnd) {
  Write("a");
  Write("b");
  ASSERT_TRUE(disk_->RemoveGradually("a"));
  EXPECT_THAT(Listed(), ElementsAre("b"));
  EXPECT_FALSE(disk_->Open("a", {}));
  ASSERT_TRUE(disk_->RemoveGradually("b"));
  EXPECT_THAT(Listed(), IsEmpty());
  AwaitNoFiles();
}

TEST_F(GradualDiskTest, AFileGetsSmallerPieceByPiece) {
  options_.pause = std::chrono::hours(1);
  Open();
  Write("a");
  const auto file = disk_->Open("a", {});
  ASSERT_TRUE(disk_->RemoveGradually("a"));
  EXPECT_EQ((*file)->Size(), kFileBytes) << "not before the first pause";
  EXPECT_THAT(Files(), ElementsAre("a.removed"));
  options_.pause = std::chrono::milliseconds(1);
  Open();
  for (std::uint64_t size = kFileBytes; size > options_.piece_bytes;) {
    const std::uint64_t now = *(*file)->Size();
    EXPECT_EQ(now % options_.piece_bytes, 0U);
    ASSERT_LE(now, size);
    size = now;
  }
  AwaitNoFiles();
}

TEST_F(GradualDiskTest, AStopLeavesTheRestToTheNextStart) {
  options_.pause = std::chrono::hours(1);
  Open();
  Write("a");
  Write("b");
  ASSERT_TRUE(disk_->RemoveGradually("a"));
  Open();  // ends the pause
  EXPECT_THAT(Files(), Not(IsEmpty()));
  EXPECT_THAT(Listed(), ElementsAre("b"));
  options_.pause = {};
  Open();
  ASSERT_TRUE(disk_->RemoveGradually("b"));
  AwaitNoFiles();
}

TEST_F(GradualDiskTest, WhenRoomIsShortItGoesAtOnce) {
  options_.pause = std::chrono::hours(1);
  Open();
  Write("a");
  Write("b");
  ASSERT_TRUE(disk_->RemoveGradually("a"));
  options_.plenty_bytes = std::uint64_t{1} << 60;
  Open();
  ASSERT_TRUE(disk_->RemoveGradually("b"));
  EXPECT_THAT(Files(), Each(Not("b.removed")));
  AwaitNoFiles();  // and so does what was being removed before
}

TEST_F(GradualDiskTest, ASmallFileGoesAtOnce) {
  options_.pause = std::chrono::hours(1);
  Open();
  Write("a", options_.piece_bytes);
  ASSERT_TRUE(disk_->RemoveGradually("a"));
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(GradualDiskTest, WhoWantsTheRoomGetsItAtOnce) {
  options_.pause = std::chrono::hours(1);
  Open();
  Write("a");
  ASSERT_TRUE(disk_->Remove("a"));
  EXPECT_THAT(Files(), IsEmpty());
}

// A backup, for example.
TEST_F(GradualDiskTest, AFileWithAnotherNameStaysWholeThere) {
  Write("a");
  std::filesystem::create_hard_link(path_ + "/a", path_ + "/copy");
  ASSERT_TRUE(disk_->RemoveGradually("a"));
  EXPECT_THAT(Files(), ElementsAre("copy"));
  EXPECT_EQ(std::filesystem::file_size(path_ + "/copy"), kFileBytes);
}

TEST_F(GradualDiskTest, AFileThatIsNotThereIsAnError) {
  EXPECT_FALSE(disk_->RemoveGradually("a"));
}

}  // namespace
}  // namespace quire::common
