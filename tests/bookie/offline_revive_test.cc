#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bookie/offline_rebuild.h"
#include "bookie/offline_rebuild_swap.h"
#include "common/forwarding_disk.h"
#include "offline_fixture.h"

namespace quire::bookie {
namespace {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::LedgerId;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A disk on which nothing can be read at and behind an offset of any file.
class UnreadableDisk final : public common::ForwardingDisk {
 public:
  UnreadableDisk(common::Disk& disk, std::uint64_t from) : ForwardingDisk(disk), from_(from) {}

  Result<std::unique_ptr<common::File>> Open(std::string_view name,
                                             common::OpenOptions options) override {
    auto file = ForwardingDisk::Open(name, options);
    if (!file) return Fail(std::move(file).error());
    return std::make_unique<UnreadableFile>(*std::move(file), from_);
  }

 private:
  class UnreadableFile final : public common::ForwardingFile {
   public:
    UnreadableFile(std::unique_ptr<common::File> file, std::uint64_t from)
        : ForwardingFile(std::move(file)), from_(from) {}

    Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const override {
      if (offset + out.size() > from_) return Fail(Errc::kIo, "read: Input/output error");
      return ForwardingFile::Read(offset, out);
    }

   private:
    const std::uint64_t from_;
  };

  const std::uint64_t from_;
};

class OfflineReviveTest : public OfflineFixture {};

// What lies behind the bad block may be all that is left of a ledger, which would stay deleted.
TEST_F(OfflineReviveTest, ASegmentThatCannotBeReadToItsEndIsRefused) {
  const auto directory = OfflineDirectory::Open(path_, OfflineDirectory::Lock::kExclusive);
  ASSERT_TRUE(directory) << directory.error().ToString();
  const auto segments = directory->OpenFolder("segments");
  UnreadableDisk disk(*segments, kSegmentHeaderBytes);
  IndexSwap swap(*directory);
  const auto index = swap.Begin(true).value();
  IndexRebuild rebuild(disk, index.get(), nullptr);
  rebuild.OnlyRevive({LedgerId(1)});
  const auto refused = rebuild.Run(swap.Look().stored, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kCorrupt);
  EXPECT_THAT(refused.error().context(),
              AllOf(HasSubstr(segments->path() + "/" + SegmentName(1)),
                    HasSubstr("cannot be read to its end"), HasSubstr("put the copy")));
}

TEST_F(OfflineReviveTest, ALookSaysThatItWillBeRefused) {
  const auto directory = OfflineDirectory::Open(path_);
  ASSERT_TRUE(directory) << directory.error().ToString();
  const auto segments = directory->OpenFolder("segments");
  UnreadableDisk disk(*segments, kSegmentHeaderBytes);
  IndexRebuild look(disk, nullptr, nullptr);
  look.OnlyRevive({LedgerId(1)});
  const auto looked = look.Run(0, 1);
  ASSERT_TRUE(looked) << looked.error().ToString();
  ASSERT_EQ(looked->findings.damages(), looked->segments);
  EXPECT_THAT(looked->findings.kept().front().advice, HasSubstr("with --yes nothing is done"));
}

}  // namespace
}  // namespace quire::bookie
