#include "bookie/index_db.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "bookie/index_format.h"
#include "bookie/offline_index_db.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;

namespace {

rocksdb::Slice ToSlice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
std::string_view ToView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// A full disk is no separate case here: a commit that failed half-way cannot be repeated on the
// same open database, because its batch may be visible and not durable.
std::unexpected<common::Error> FailStatus(const rocksdb::Status& status, const std::string& what) {
  const Errc code = status.IsCorruption() ? Errc::kCorrupt : Errc::kIo;
  return Fail(code, what + status.ToString());
}

std::unexpected<common::Error> FailOpen(const rocksdb::Status& status, const std::string& path) {
  const std::string text = "open index " + path + ": " + status.ToString();
  if (status.IsNoSpace()) return Fail(Errc::kDiskFull, text);
  if (text.contains("/LOCK")) {
    return Fail(Errc::kCorrupt, text + " (another process has it open; stop that one first)");
  }
  return Fail(Errc::kCorrupt,
              text +
                  " (check the disk and the rights of the directory; if the index is damaged, "
                  "make a new one with 'quire disk rebuild-index')");
}

// How the index is read, by the daemon and by the tools.
rocksdb::Options SharedOptions(std::uint64_t memory_bytes) {
  rocksdb::Options options;
  options.max_open_files = 256;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  // One ledger's extents share a prefix; the filter tells which files have none of them.
  options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kExtentPrefixBytes));
  rocksdb::BlockBasedTableOptions table;
  // In one piece: RocksDB would cut it into shards of less than a megabyte, and the filter of a
  // table with very many ledgers, which fits into none of them, would be read for each look-up.
  table.block_cache = rocksdb::NewLRUCache(memory_bytes / 2, 0);
  // Else they would be outside of every bound, and grow with the index.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = false;
  table.block_size = 16 << 10;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::Options DbOptions(void* env, std::uint64_t memory_bytes) {
  rocksdb::Options options = SharedOptions(memory_bytes);
  if (env != nullptr) options.env = static_cast<rocksdb::Env*>(env);
  options.create_if_missing = true;
  options.write_buffer_size = std::min<std::uint64_t>(8 << 20, memory_bytes / 4);
  options.max_background_jobs = 2;
  options.compression = rocksdb::kNoCompression;
  options.bytes_per_sync = 1 << 20;
  options.avoid_unnecessary_blocking_io = true;
  // A stop is a crash that was planned: what no commit made durable is not there.
  options.avoid_flush_during_shutdown = true;
  // After a failed flush the shard stops; RocksDB must not go on behind its back.
  options.max_bgerror_resume_count = 0;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.keep_log_file_num = 2;
  return options;
}

class RocksCursor final : public IndexDb::Cursor {
 public:
  // `what`: how its errors begin.
  RocksCursor(rocksdb::DB& db, IndexDb::Scope scope, const std::string& what)
      : iterator_(db.NewIterator(OptionsOf(scope))), what_(what) {}

  void Seek(std::string_view key) override { iterator_->Seek(ToSlice(key)); }
  void SeekBack(std::string_view key) override { iterator_->SeekForPrev(ToSlice(key)); }
  void Next() override { iterator_->Next(); }
  bool valid() const override { return iterator_->Valid(); }
  std::string_view key() const override { return ToView(iterator_->key()); }
  std::string_view value() const override { return ToView(iterator_->value()); }
  Result<void> status() const override {
    if (!iterator_->status().ok()) return FailStatus(iterator_->status(), what_);
    return {};
  }

 private:
  static rocksdb::ReadOptions OptionsOf(IndexDb::Scope scope) {
    rocksdb::ReadOptions options;
    options.prefix_same_as_start = scope == IndexDb::Scope::kPrefix;
    options.total_order_seek = scope == IndexDb::Scope::kAll;
    return options;
  }

  const std::unique_ptr<rocksdb::Iterator> iterator_;
  const std::string& what_;
};

class RocksBatch final : public IndexDb::Batch {
 public:
  void Put(std::string_view key, std::string_view value) override {
    Keep(batch_.Put(ToSlice(key), ToSlice(value)));
  }
  void Delete(std::string_view key) override { Keep(batch_.Delete(ToSlice(key))); }
  void DeleteRange(std::string_view from, std::string_view to) override {
    Keep(batch_.DeleteRange(ToSlice(from), ToSlice(to)));
  }

  rocksdb::WriteBatch& batch() { return batch_; }
  const rocksdb::Status& status() const { return status_; }

 private:
  void Keep(const rocksdb::Status& status) {
    if (status_.ok()) status_ = status;
  }

  rocksdb::WriteBatch batch_;
  rocksdb::Status status_;
};

// RocksDB takes a full disk for damage, and some versions of it end the process over that: it is
// not let near one. Twice the batch, as a table file and its successor, and room for the rest.
Result<void> CheckRoom(const std::string& path, std::uint64_t batch_bytes) {
  constexpr std::uint64_t kRoomBytes = 2 << 20;
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  if (error) return common::FailErrno(error.value(), "ask for free space", path);
  const std::uint64_t needed = kRoomBytes + 2 * batch_bytes;
  if (space.available >= needed) return {};
  return common::Fail(common::Errc::kDiskFull, path + ": " + std::to_string(space.available >> 10) +
                                                   " KiB free, the index needs " +
                                                   std::to_string(needed >> 10));
}

class RocksIndexDb final : public IndexDb {
 public:
  // `on_disk`: not in the environment of a test.
  RocksIndexDb(std::unique_ptr<rocksdb::DB> db, std::string path, bool on_disk)
      : db_(std::move(db)),
        path_(std::move(path)),
        what_("index " + path_ + ": "),
        on_disk_(on_disk) {}

  std::unique_ptr<Cursor> NewCursor(Scope scope) const override {
    return std::make_unique<RocksCursor>(*db_, scope, what_);
  }

  std::unique_ptr<Batch> NewBatch() const override { return std::make_unique<RocksBatch>(); }

  // One batch goes into one memtable, and Flush puts that one into one table file and the manifest
  // in one edit: a crash leaves all of the batch or none.
  Result<void> Write(Batch& batch) override {
    auto& mine = static_cast<RocksBatch&>(batch);
    if (on_disk_) QUIRE_TRY(CheckRoom(path_, mine.batch().GetDataSize()));
    rocksdb::WriteOptions write;
    write.disableWAL = true;
    rocksdb::Status status = mine.status();
    if (status.ok()) status = db_->Write(write, &mine.batch());
    if (status.ok()) status = db_->Flush(rocksdb::FlushOptions());
    if (!status.ok()) return FailStatus(status, what_);
    return {};
  }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
  const std::string path_;
  const std::string what_;
  const bool on_disk_;
};

class OfflineRocksDb final : public OfflineIndexDb {
 public:
  explicit OfflineRocksDb(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}

  std::unique_ptr<Cursor> NewCursor(Scope scope) const override {
    return std::make_unique<RocksCursor>(*db_, scope, what_);
  }
  std::unique_ptr<Batch> NewBatch() const override { return nullptr; }
  Result<void> Write(Batch& /*batch*/) override {
    return Fail(Errc::kReadOnly, "the index is open for reading only");
  }

  std::vector<IndexTable> Tables() const override {
    std::vector<rocksdb::LiveFileMetaData> files;
    db_->GetLiveFilesMetaData(&files);
    std::vector<IndexTable> tables;
    for (const auto& file : files) {
      tables.push_back({.name = file.name.substr(file.name.find_first_not_of('/')),
                        .bytes = file.size,
                        .smallest = file.smallestkey,
                        .largest = file.largestkey});
    }
    return tables;
  }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
  const std::string what_;  // nothing: whoever looks knows where
};

}  // namespace

Result<std::unique_ptr<IndexDb>> IndexDb::Open(const std::string& path, void* env,
                                               std::uint64_t memory_bytes) {
  const bool on_disk = env == nullptr;
  if (on_disk) {
    const std::filesystem::path directory(path);
    QUIRE_TRY(
        CheckRoom(std::filesystem::exists(directory) ? path : directory.parent_path().string(), 0));
  }
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(DbOptions(env, memory_bytes), path, &db);
  if (!status.ok()) return FailOpen(status, path);
  return std::make_unique<RocksIndexDb>(std::unique_ptr<rocksdb::DB>(db), path, on_disk);
}

// Without that file RocksDB has nothing; other files without it are an index that lost something.
bool IndexDb::Exists(const std::string& path, void* env) {
  auto* const files = env != nullptr ? static_cast<rocksdb::Env*>(env) : rocksdb::Env::Default();
  return files->FileExists(path + "/CURRENT").ok();
}

Result<std::unique_ptr<OfflineIndexDb>> OfflineIndexDb::Open(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path + "/CURRENT", error)) {
    // Without that file RocksDB has nothing; with others beside it, it lost something.
    const bool empty =
        !std::filesystem::exists(path, error) || std::filesystem::is_empty(path, error);
    if (empty && !error) return nullptr;
    return Fail(Errc::kCorrupt, "the file CURRENT is missing");
  }
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(SharedOptions(IndexDb::kUsualMemory), path, &db);
  if (!status.ok()) return FailStatus(status, "");
  return std::make_unique<OfflineRocksDb>(std::unique_ptr<rocksdb::DB>(db));
}

Result<void> VerifyIndexTable(const std::string& path) {
  rocksdb::SstFileReader reader(SharedOptions(IndexDb::kUsualMemory));
  rocksdb::ReadOptions options;
  options.readahead_size = 2 << 20;
  rocksdb::Status status = reader.Open(path);
  if (status.ok()) status = reader.VerifyChecksum(options);
  if (!status.ok()) return FailStatus(status, "");
  return {};
}

}  // namespace quire::bookie
