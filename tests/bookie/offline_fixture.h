#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bookie/daemon.h"
#include "bookie/index_db.h"
#include "bookie/index_format.h"
#include "bookie/loop_call.h"
#include "bookie/offline_inspect.h"
#include "bookie/offline_verify.h"
#include "bookie_client.h"
#include "common/bytes.h"
#include "metadata/memory_store.h"
#include "metadata/registry.h"
#include "tests/bookie/store_fixture.h"

namespace quire::bookie {

// Of ledger 1; with every fourth comes one of ledger 2. All of it is enough for two flushes and
// well below what makes a third.
inline constexpr std::int64_t kEntries = 3600;

inline std::string Content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline void Overwrite(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// Everything that a reader could have changed.
inline std::map<std::string, std::string> Snapshot(const std::filesystem::path& directory) {
  std::map<std::string, std::string> all;
  for (const auto& item : std::filesystem::recursive_directory_iterator(directory)) {
    const auto time = item.last_write_time().time_since_epoch().count();
    all[item.path().string()] =
        std::to_string(time) + (item.is_regular_file() ? Content(item.path()) : "");
  }
  return all;
}

// A real bookie's directory, as a kill leaves it: some segments, and a journal that is ahead.
class OfflineModel {
 public:
  OfflineModel() {
    rpc::AsioLoop loop("test");
    const auto tree = std::make_shared<metadata::MemoryTree>();
    auto store = RunOn(loop, [&] { return std::make_unique<metadata::MemoryStore>(loop, tree); });
    const auto made = Await<common::Result<void>>(loop, [&](auto done) {
      metadata::InitCluster(*store, {.high = 1, .low = 2}, 1, std::move(done));
    });
    QUIRE_CHECK(made.has_value());
    DaemonOptions options;
    options.directories = {path()};
    options.shard.journal.file_bytes = 1 << 20;
    options.shard.journal.spare_files = 16;  // trimmed files stay, with their records
    options.shard.store.cache_bytes = 1 << 20;
    options.shard.min_free_bytes = 1 << 20;
    auto daemon = BookieDaemon::Start(loop, *store, options, Log(),
                                      {.all_failed = [] {}, .interrupted = [] { return false; }});
    QUIRE_CHECK(daemon.has_value());
    {
      BookieClient client(loop, (*daemon)->bookies()[0], (*daemon)->address());
      for (std::int64_t id = 0; id < kEntries; ++id) {
        QUIRE_CHECK(client.AddAndWait(1, id) == protocol::Code::kOk);
        if (id % 4 == 0) QUIRE_CHECK(client.AddAndWait(2, id / 4) == protocol::Code::kOk);
        if (id == 10) QUIRE_CHECK(client.Read(3, {0}, true).answers.size() == 1);
      }
      while (client.Status().bookies.at(0).segments < 2) std::this_thread::yield();
    }
    daemon->reset();
    RunOn(loop, [&] { store.reset(); });
  }

  std::string path() const { return scratch_.path() + "/bookie"; }

 private:
  TempDirectory scratch_;
};

class OfflineFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { model_ = std::make_unique<OfflineModel>(); }
  static void TearDownTestSuite() { model_.reset(); }

  void SetUp() override {
    std::filesystem::copy(model_->path(), path_, std::filesystem::copy_options::recursive);
  }

  OfflineVerify::Summary Verify() {
    const auto directory = OfflineDirectory::Open(path_);
    EXPECT_TRUE(directory) << directory.error().ToString();
    auto summary = OfflineVerify(*directory, nullptr).Run();
    EXPECT_TRUE(summary) << summary.error().ToString();
    return *std::move(summary);
  }
  // The only finding there is.
  Finding VerifyOne(Finding::Kind kind = Finding::Kind::kDamage) {
    const auto summary = Verify();
    EXPECT_EQ(summary.findings.kept().size(), 1U) << All(summary);
    if (summary.findings.kept().empty()) return {};
    EXPECT_EQ(summary.findings.kept()[0].kind, kind) << All(summary);
    return summary.findings.kept()[0];
  }
  static std::string All(const OfflineVerify::Summary& summary) {
    std::string text;
    for (const Finding& finding : summary.findings.kept()) {
      text += finding.file + "@" + std::to_string(finding.offset.value_or(0)) + ": " +
              finding.what + "\n";
    }
    return text;
  }
  DirectoryReport Inspect(LedgerReport* ledger = nullptr, std::int64_t id = 1) {
    const auto directory = OfflineDirectory::Open(path_);
    return InspectDirectory(*directory, protocol::LedgerId(id), ledger).value();
  }

  void Flip(const std::string& file, std::uint64_t offset) {
    std::string bytes = Content(path_ + "/" + file);
    ASSERT_LT(offset, bytes.size());
    bytes[offset] = static_cast<char>(bytes[offset] ^ 0x40);
    Overwrite(path_ + "/" + file, bytes);
  }
  void Zero(const std::string& file, std::uint64_t offset, std::size_t count) {
    std::string bytes = Content(path_ + "/" + file);
    ASSERT_LE(offset + count, bytes.size());
    bytes.replace(offset, count, count, '\0');
    Overwrite(path_ + "/" + file, bytes);
  }

  // Where an entry of ledger 1 lies in the file.
  std::uint64_t OffsetOf(const std::string& file, std::int64_t entry) {
    std::string ids;
    common::AppendBig(ids, std::int64_t{1});
    common::AppendBig(ids, entry);
    const auto at = Content(path_ + "/" + file).find(ids);
    EXPECT_NE(at, std::string::npos);
    return at;
  }
  std::string LastJournal() {
    std::string name;
    for (const auto& file : Inspect().journal) {
      if (file.records > 0) name = "journal/" + file.name;
    }
    return name;
  }
  std::vector<SegmentId> Segments() {
    std::vector<SegmentId> ids;
    for (const auto& [id, segment] : Inspect().segments) ids.push_back(id);
    return ids;
  }
  static std::string Path(SegmentId id) { return "segments/" + SegmentName(id); }

  // Changes the index as only a mistake could.
  void EditIndex(const std::function<void(IndexDb&, IndexDb::Batch&)>& edit) {
    const auto db = IndexDb::Open(path_ + "/index", nullptr).value();
    const auto batch = db->NewBatch();
    edit(*db, *batch);
    ASSERT_TRUE(db->Write(*batch));
  }
  static void Put(IndexDb::Batch& batch, const std::string& key, const std::string& content) {
    batch.Put(key, SealValue(key, content));
  }

  static inline std::unique_ptr<OfflineModel> model_;
  TempDirectory scratch_;
  const std::string path_ = scratch_.path() + "/bookie";
};

}  // namespace quire::bookie
