#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bookie/journal_format.h"
#include "bookie/segment_format.h"
#include "common/aligned_buffer.h"
#include "tests/bookie/disk_machine.h"

namespace quire::bookie {
namespace {

using common::Errc;
using protocol::Code;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kLast = 99;

// What a start does with a directory that something has happened to: exactly this. Ledger 1 is in
// segments for its first part and in the journal for the rest.
class StartupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    m_.options.ballast_bytes = 0;
    m_.options.journal.spare_files = 8;
    ASSERT_TRUE(m_.Open());
    ASSERT_TRUE(m_.AddAll(1, 0, kLast));
    stored_ = m_.shard->Status().stored_lsn;
    ASSERT_GT(stored_, 10);
    ASSERT_LT(stored_, kLast);
    m_.Kill();
  }
  void Refused(Errc code, const std::string& file, const std::string& what) {
    for (int attempt = 0; attempt < 2; ++attempt) {  // the first one changed nothing
      const auto opened = m_.Open();
      ASSERT_FALSE(opened);
      EXPECT_EQ(opened.error().code(), code);
      EXPECT_THAT(opened.error().context(), AllOf(HasSubstr(file), HasSubstr(what)));
    }
  }
  // Of the file that has the newest records, where the last batch begins.
  std::pair<std::string, std::uint64_t> LastBatch() {
    for (auto names = m_.disk.List().value(); !names.empty(); names.pop_back()) {
      const auto epoch = ParseJournalFileName(names.back());
      if (!epoch) continue;
      const std::string bytes = m_.disk.Contents(names.back());
      for (std::uint64_t at = bytes.size(); at >= 4096; at -= 4096) {
        const auto header = DecodeBatchHeader(bytes.substr(at - 4096, 4096), *epoch);
        if (header && header->first > static_cast<Lsn>(stored_)) return {names.back(), at - 4096};
      }
    }
    return {};
  }

  DiskMachine m_;
  std::int64_t stored_ = 0;
};

TEST_F(StartupTest, WithoutDamageEverythingIsThere) {
  ASSERT_TRUE(m_.Open());
  EXPECT_TRUE(m_.HasAll(1, 0, kLast));
  EXPECT_EQ(m_.shard->mode(), ShardMode::kWritable);
}

TEST_F(StartupTest, G03ATornTailIsCutAndTheRestServes) {
  const auto [file, offset] = LastBatch();
  ASSERT_FALSE(file.empty());
  m_.disk.Flip(file, offset + 200);
  ASSERT_TRUE(m_.Open());
  EXPECT_TRUE(m_.HasAll(1, 0, kLast - 1));
  EXPECT_EQ(m_.Read(1, kLast), Code::kNoEntry) << "its sync never came back";
  EXPECT_EQ(m_.Add(1, kLast), Code::kOk);
  ASSERT_TRUE(m_.Open());
  EXPECT_TRUE(m_.HasAll(1, 0, kLast));
}

TEST_F(StartupTest, G03ADamagedRecordBeforeOthersRefusesWithFileAndOffset) {
  const auto [file, offset] = LastBatch();
  ASSERT_GE(offset, 4096U);
  m_.disk.Flip(file, offset - 4096 + 200);
  Refused(Errc::kCorrupt, file, "at offset " + std::to_string(offset - 4096));
}

TEST_F(StartupTest, G05AMissingJournalFileWithRecordsTheIndexHasNotRefuses) {
  const auto [file, offset] = LastBatch();
  for (const std::string& name : m_.disk.List().value()) {
    if (ParseJournalFileName(name)) ASSERT_TRUE(m_.disk.Remove(name));
  }
  Refused(Errc::kCorrupt, "/sim", "the journal files are missing");
}

TEST(StartupJournalTest, G05AMissingFileWhoseRecordsTheIndexHasIsNoHarmAndTold) {
  DiskMachine m;
  m.options.store.cache_bytes = 1 << 20;  // so that the journal is trimmed only by the stop
  m.options.max_journal_bytes = 1 << 20;
  m.options.journal.spare_files = 8;
  ASSERT_TRUE(m.Open());
  ASSERT_TRUE(m.AddAll(1, 0, kLast));
  std::optional<common::Result<void>> stopped;
  m.shard->Stop([&](common::Result<void> outcome) { stopped = std::move(outcome); });
  m.Settle();
  ASSERT_TRUE(stopped && stopped->has_value());
  m.Kill();
  ASSERT_TRUE(m.disk.Remove(JournalFileName(3)));
  ASSERT_TRUE(m.Open());
  EXPECT_THAT(m.log, AllOf(HasSubstr("records 33 to 48 are missing before " + JournalFileName(4)),
                           HasSubstr("the index has them")));
  EXPECT_TRUE(m.HasAll(1, 0, kLast));
}

TEST_F(StartupTest, AMissingSegmentRefusesWithItsName) {
  const std::string name = m_.FileLike("segment-");
  ASSERT_TRUE(m_.disk.Remove(name));
  Refused(Errc::kCorrupt, name, "is missing and the index needs it; put it back");
}

TEST_F(StartupTest, H04ADamagedSegmentHeaderMakesItsEntriesUnknownAndNoOthers) {
  const std::string name = m_.FileLike("segment-");
  m_.disk.Flip(name, 3);
  ASSERT_TRUE(m_.Open());
  int unknown = 0;
  for (std::int64_t id = 0; id <= kLast; ++id) {
    const auto code = m_.Read(1, id);
    ASSERT_TRUE(code == Code::kOk || code == Code::kUnknown) << id << ": never a denial";
    unknown += code == Code::kUnknown ? 1 : 0;
  }
  EXPECT_GT(unknown, 0);
  EXPECT_LT(unknown, kLast);
}

TEST_F(StartupTest, ALostIndexBesideSegmentsRefusesAndRemovesNothing) {
  const auto files = m_.disk.List().value();
  m_.EmptyIndex();
  Refused(Errc::kCorrupt, "index /index", "is missing or empty");
  EXPECT_EQ(m_.disk.List().value(), files);
}

TEST_F(StartupTest, AnIndexOfAnotherBookieIsNotBelieved) {
  m_.bookie = {.high = 8, .low = 8};
  Refused(Errc::kWrongBookie, "/index", "is that of bookie 0000000000000001");
  m_.bookie = {.high = 1, .low = 2};
  ASSERT_TRUE(m_.Open());
  EXPECT_TRUE(m_.HasAll(1, 0, kLast));
}

TEST_F(StartupTest, G07RecordsOfADeletedLedgerAreNotReplayed) {
  ASSERT_TRUE(m_.Open());
  m_.shard->Drop(protocol::LedgerId(1));
  m_.Settle();
  ASSERT_TRUE(m_.Open());
  EXPECT_EQ(m_.Read(1, kLast), Code::kNoLedger);
  EXPECT_EQ(m_.Add(1, kLast + 1), Code::kFenced);
}

TEST_F(StartupTest, I07AnUncleanStopNeedsNoMarkTheJournalTells) {
  ASSERT_TRUE(m_.Open());
  EXPECT_THAT(m_.log, Not(HasSubstr(" 0 replayed")));
  std::optional<common::Result<void>> stopped;
  m_.shard->Stop([&](common::Result<void> outcome) { stopped = std::move(outcome); });
  m_.Settle();
  ASSERT_TRUE(stopped && stopped->has_value());
  ASSERT_TRUE(m_.Open());
  EXPECT_THAT(m_.log, HasSubstr(" 0 replayed"));
  EXPECT_TRUE(m_.HasAll(1, 0, kLast));
}

}  // namespace
}  // namespace quire::bookie
