#include "bookie/offline_index_db.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "bookie/index_format.h"

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

std::unexpected<common::Error> FailStatus(const rocksdb::Status& status) {
  return Fail(status.IsCorruption() ? Errc::kCorrupt : Errc::kIo, status.ToString());
}

rocksdb::Options OfflineOptions() {
  rocksdb::Options options;
  options.max_open_files = 256;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kExtentPrefixBytes));
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(16 << 20);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = false;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

class OfflineCursor final : public IndexDb::Cursor {
 public:
  explicit OfflineCursor(std::unique_ptr<rocksdb::Iterator> iterator)
      : iterator_(std::move(iterator)) {}

  void Seek(std::string_view key) override { iterator_->Seek(ToSlice(key)); }
  void SeekBack(std::string_view key) override { iterator_->SeekForPrev(ToSlice(key)); }
  void Next() override { iterator_->Next(); }
  bool valid() const override { return iterator_->Valid(); }
  std::string_view key() const override { return ToView(iterator_->key()); }
  std::string_view value() const override { return ToView(iterator_->value()); }
  Result<void> status() const override {
    if (!iterator_->status().ok()) return FailStatus(iterator_->status());
    return {};
  }

 private:
  const std::unique_ptr<rocksdb::Iterator> iterator_;
};

class OfflineRocksDb final : public OfflineIndexDb {
 public:
  explicit OfflineRocksDb(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}

  std::unique_ptr<Cursor> NewCursor(Scope scope) const override {
    rocksdb::ReadOptions options;
    options.prefix_same_as_start = scope == Scope::kPrefix;
    options.total_order_seek = scope == Scope::kAll;
    return std::make_unique<OfflineCursor>(
        std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options)));
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
};

}  // namespace

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
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(OfflineOptions(), path, &db);
  if (!status.ok()) return FailStatus(status);
  return std::make_unique<OfflineRocksDb>(std::unique_ptr<rocksdb::DB>(db));
}

Result<void> VerifyIndexTable(const std::string& path) {
  rocksdb::SstFileReader reader(OfflineOptions());
  rocksdb::ReadOptions options;
  options.readahead_size = 2 << 20;
  rocksdb::Status status = reader.Open(path);
  if (status.ok()) status = reader.VerifyChecksum(options);
  if (!status.ok()) return FailStatus(status);
  return {};
}

}  // namespace quire::bookie
