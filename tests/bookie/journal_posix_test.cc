#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bookie/journal.h"
#include "common/posix_disk.h"
#include "common/worker.h"
#include "tests/bookie/manual_loop.h"

namespace quire::bookie {
namespace {

// The test's thread is the loop; the worker's thread posts to it.
class BlockingLoop final : public common::Loop {
 public:
  common::TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  void Post(common::Task task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    posted_.notify_one();
  }
  TimerId After(common::Duration, common::Task) override { return 0; }  // the journal has no timer
  void Cancel(TimerId) override {}

  // Runs tasks until `done`; false when that takes more than a minute.
  template <typename Done>
  bool RunUntil(const Done& done) {
    const auto deadline = Now() + std::chrono::minutes(1);
    while (!done()) {
      std::unique_lock lock(mutex_);
      if (!posted_.wait_until(lock, deadline, [this] { return !tasks_.empty(); })) return false;
      common::Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<common::Task> tasks_;
};

// A directory below the one named, removed at the end.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& base) : path_(base + "/quire-journal-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// On the disk of the temporary directory, and on tmpfs, where direct I/O may not exist.
class JournalPosixTest : public ::testing::TestWithParam<const char*> {
 protected:
  JournalPosixTest() : directory_(GetParam()) {}
  void SetUp() override {
    if (directory_.path().empty()) GTEST_SKIP() << "cannot write in " << GetParam();
    auto disk = common::PosixDisk::Create(directory_.path());
    ASSERT_TRUE(disk) << disk.error().ToString();
    disk_ = std::move(*disk);
    worker_.emplace("journal");
  }
  common::Result<void> Open(Lsn stored) {
    journal_.reset();
    worker_.emplace("journal");  // the old one's jobs have run when this returns
    replayed_.clear();
    durable_ = 0;
    auto journal = Journal::Open(
        *disk_, loop_, *worker_, {.file_bytes = 256 << 10, .spare_files = 2}, stored,
        [this](Lsn lsn, RecordType, std::string_view payload) -> common::Result<void> {
          EXPECT_EQ(payload, Payload(lsn));
          replayed_.push_back(lsn);
          return {};
        },
        {.durable =
             [this](Lsn lsn) {
               EXPECT_GT(lsn, durable_);
               durable_ = lsn;
             },
         .failed = [](const common::Error& error) { ADD_FAILURE() << error.ToString(); }});
    if (!journal) return common::Fail(std::move(journal).error());
    journal_ = std::move(*journal);
    return {};
  }
  static std::string Payload(Lsn lsn) { return std::string(lsn % 3000, static_cast<char>(lsn)); }
  void Append() {
    const std::string payload = Payload(journal_->last() + 1);
    const std::array<std::string_view, 1> parts{payload};
    journal_->Append(RecordType::kEntry, parts);
    journal_->Kick();
  }

  TemporaryDirectory directory_;
  std::unique_ptr<common::PosixDisk> disk_;
  BlockingLoop loop_;
  std::optional<common::ThreadWorker> worker_;
  std::unique_ptr<Journal> journal_;
  std::vector<Lsn> replayed_;
  Lsn durable_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Directories, JournalPosixTest, ::testing::Values("/tmp", "/dev/shm"));

TEST_P(JournalPosixTest, KeepsRecordsOverRestartsWithRealThreads) {
  ASSERT_TRUE(Open(0));
  for (int i = 0; i < 1500; ++i) {
    Append();
    // A window of outstanding records, as clients have.
    ASSERT_TRUE(loop_.RunUntil([this] { return journal_->last() - durable_ < 64; }));
  }
  ASSERT_TRUE(loop_.RunUntil([this] { return durable_ == 1500; }));
  EXPECT_EQ(journal_->queued_bytes(), 0U);
  ASSERT_TRUE(Open(200));
  ASSERT_EQ(replayed_.size(), 1300U);
  EXPECT_EQ(replayed_.front(), 201U);
  journal_->Trim(1500);
  for (int i = 0; i < 1000; ++i) {
    Append();
    ASSERT_TRUE(
        loop_.RunUntil([this] { return journal_->last() - durable_ < 64 || durable_ == 0; }));
    if (i % 100 == 0) journal_->Trim(journal_->durable());
  }
  ASSERT_TRUE(loop_.RunUntil([this] { return durable_ == 2500; }));
  ASSERT_TRUE(Open(2400));
  EXPECT_EQ(replayed_.size(), 100U);
  EXPECT_EQ(journal_->last(), 2500U);
}

TEST_P(JournalPosixTest, MayBeDestroyedWhileTheWorkerWrites) {
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(Open(0));
    const Lsn first = journal_->last();
    for (int i = 0; i < 20; ++i) Append();
    if (round % 2 == 0) {
      ASSERT_TRUE(loop_.RunUntil([&] { return durable_ > first; }));
    }
  }
  ASSERT_TRUE(Open(0));
  EXPECT_EQ(replayed_.size(), journal_->last());
}

// The directory goes after the disk was opened: Open of the journal says so and does not go on.
TEST(JournalPosixErrorTest, ADirectoryThatVanishedIsAnError) {
  auto directory = std::make_unique<TemporaryDirectory>("/tmp");
  const std::string path = directory->path();
  const auto disk = common::PosixDisk::Create(path);
  ASSERT_TRUE(disk);
  directory.reset();
  ManualLoop loop;
  ManualWorker worker;
  const auto journal =
      Journal::Open(**disk, loop, worker, {}, 0,
                    [](Lsn, RecordType, std::string_view) { return common::Result<void>{}; }, {});
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code(), common::Errc::kIo);
  EXPECT_THAT(journal.error().context(), ::testing::HasSubstr(path));
}

}  // namespace
}  // namespace quire::bookie
