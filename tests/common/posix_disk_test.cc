#include "common/posix_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>

#include "common/aligned_buffer.h"

namespace quire::common {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PosixDiskTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    path_ = std::string(GetParam()) + "/quire-disk-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) {
      path_.clear();
      GTEST_SKIP() << "cannot write in " << GetParam();
    }
    auto disk = PosixDisk::Create(path_ + "/shard");  // which it creates
    ASSERT_TRUE(disk) << disk.error().ToString();
    disk_ = std::move(*disk);
  }
  ~PosixDiskTest() override {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  std::unique_ptr<File> OpenFile(std::string_view name, OpenOptions options) {
    auto file = disk_->Open(name, options);
    EXPECT_TRUE(file) << file.error().ToString();
    return file ? std::move(*file) : nullptr;
  }

  std::string path_;
  std::unique_ptr<PosixDisk> disk_;
};

INSTANTIATE_TEST_SUITE_P(Directories, PosixDiskTest, ::testing::Values("/tmp", "/dev/shm"));

TEST_P(PosixDiskTest, ReadsBackWhatWasWritten) {
  const auto file = OpenFile("f", {.create = true});
  ASSERT_TRUE(file->Write(5, "world"));
  ASSERT_TRUE(file->Write(0, "hello"));
  ASSERT_TRUE(file->Sync());
  std::string out(20, '?');
  EXPECT_EQ(file->Read(0, out), 10U);  // fewer at the end
  EXPECT_EQ(out.substr(0, 10), "helloworld");
  EXPECT_EQ(file->Read(10, out), 0U);
  EXPECT_EQ(file->Size(), 10U);
}

TEST_P(PosixDiskTest, DirectDurableWritesOfAlignedBlocks) {
  const auto file = OpenFile("f", {.create = true, .direct = true, .durable = true});
  AlignedBuffer buffer;
  buffer.Append("block");
  buffer.Pad();
  ASSERT_TRUE(file->Write(kDiskBlockBytes, buffer.view()));
  AlignedBuffer read;
  char* const out = read.Extend(2 * kDiskBlockBytes);
  EXPECT_EQ(file->Read(0, std::span<char>(out, 2 * kDiskBlockBytes)), 2 * kDiskBlockBytes);
  EXPECT_EQ(read.view().substr(kDiskBlockBytes), buffer.view());
  EXPECT_EQ(read.view().substr(0, kDiskBlockBytes), std::string(kDiskBlockBytes, '\0'));
}

TEST_P(PosixDiskTest, PreallocateGrowsWithZerosAndKeepsContent) {
  const auto file = OpenFile("f", {.create = true});
  ASSERT_TRUE(file->Write(0, "x"));
  ASSERT_TRUE(file->Preallocate(10'000));
  EXPECT_EQ(file->Size(), 10'000U);
  ASSERT_TRUE(file->Preallocate(100));  // never smaller
  EXPECT_EQ(file->Size(), 10'000U);
  std::string out(10'000, '?');
  EXPECT_EQ(file->Read(0, out), 10'000U);
  EXPECT_EQ(out, "x" + std::string(9'999, '\0'));
}

TEST_P(PosixDiskTest, NamesAreListedSortedRenamedAndRemoved) {
  for (const auto* name : {"c", "a", "b"}) OpenFile(name, {.create = true});
  std::filesystem::create_directory(disk_->path() + "/index");
  ASSERT_TRUE(OpenFile("a", {})->Write(0, "content of a"));
  ASSERT_TRUE(disk_->Rename("a", "b"));  // replaces
  ASSERT_TRUE(disk_->Remove("c"));
  ASSERT_TRUE(disk_->SyncDirectory());
  EXPECT_THAT(disk_->List().value(), ElementsAre("b"));
  EXPECT_EQ(OpenFile("b", {})->Size(), 12U);
}

TEST_P(PosixDiskTest, ErrorsNameTheFileAndTheReason) {
  for (const auto& error : {disk_->Open("missing", {}).error(), disk_->Remove("missing").error(),
                            disk_->Rename("missing", "x").error()}) {
    EXPECT_EQ(error.code(), Errc::kIo);
    EXPECT_THAT(error.context(), HasSubstr(disk_->path() + "/missing"));
    EXPECT_THAT(error.context(), HasSubstr("No such file"));
  }
}

TEST_P(PosixDiskTest, KnowsTheFreeSpace) {
  EXPECT_GT(disk_->FreeBytes().value(), 0U);
}

TEST_P(PosixDiskTest, TheProbeForDirectIoLeavesNothing) {
  EXPECT_TRUE(std::filesystem::is_empty(disk_->path()));
}

TEST_P(PosixDiskTest, CannotBeMadeWhereTheParentIsMissingOrAFile) {
  OpenFile("file", {.create = true});
  for (const auto* below : {"/missing/shard", "/file/shard", "/file"}) {
    const auto disk = PosixDisk::Create(disk_->path() + below);
    ASSERT_FALSE(disk) << below;
    EXPECT_EQ(disk.error().code(), Errc::kIo);
    EXPECT_THAT(disk.error().context(), HasSubstr(disk_->path() + below));
  }
}

// In a process of its own that is nobody, because permissions do not stop root.
TEST_P(PosixDiskTest, AnUnwritableDirectoryIsRefusedWithTheReason) {
  ASSERT_EQ(::chmod(path_.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(disk_->path().c_str(), 0555), 0);
  EXPECT_EXIT(
      {
        if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(9);
        const auto disk = PosixDisk::Create(disk_->path());
        if (disk) ::_exit(1);
        const bool right = disk.error().code() == Errc::kIo &&
                           disk.error().context().contains(disk_->path()) &&
                           disk.error().context().contains("Permission denied");
        ::_exit(right ? 0 : 2);
      },
      ::testing::ExitedWithCode(0), "");
}

// Every write to it says that there is no space.
TEST(PosixDiskFullTest, NoSpaceLeftIsDiskFull) {
  const auto disk = PosixDisk::Create("/tmp");
  ASSERT_TRUE(disk);
  const std::string link = "/tmp/quire-full-" + std::to_string(::getpid());
  if (::symlink("/dev/full", link.c_str()) != 0) GTEST_SKIP() << "no symbolic links";
  auto file = (*disk)->Open(link.substr(5), {});
  ASSERT_TRUE(file);
  const auto written = (*file)->Write(0, "x");
  ::unlink(link.c_str());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Errc::kDiskFull);
}

}  // namespace
}  // namespace quire::common
