#include "tests/fuzz/index_map.h"

#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "bookie/index_db.h"
#include "bookie/index_format.h"

namespace quire::bookie {
namespace {

using fuzz::IndexMap;

class MapCursor final : public IndexDb::Cursor {
 public:
  MapCursor(const IndexMap& map, IndexDb::Scope scope)
      : map_(map), at_(map.end()), prefixed_(scope == IndexDb::Scope::kPrefix) {}

  void Seek(std::string_view key) override {
    Remember(key);
    at_ = map_.lower_bound(key);
  }
  void SeekBack(std::string_view key) override {
    Remember(key);
    at_ = map_.upper_bound(key);
    at_ = at_ == map_.begin() ? map_.end() : std::prev(at_);
  }
  void Next() override { ++at_; }
  bool valid() const override {
    return at_ != map_.end() && (!prefixed_ || at_->first.starts_with(prefix_));
  }
  std::string_view key() const override { return at_->first; }
  std::string_view value() const override { return at_->second; }
  common::Result<void> status() const override { return {}; }

 private:
  void Remember(std::string_view key) { prefix_ = key.substr(0, kExtentPrefixBytes); }

  const IndexMap& map_;
  IndexMap::const_iterator at_;
  const bool prefixed_;
  std::string prefix_;
};

class MapBatch final : public IndexDb::Batch {
 public:
  explicit MapBatch(IndexMap map) : map(std::move(map)) {}
  void Put(std::string_view key, std::string_view value) override {
    map.insert_or_assign(std::string(key), std::string(value));
  }
  void Delete(std::string_view key) override { map.erase(std::string(key)); }
  void DeleteRange(std::string_view from, std::string_view to) override {
    map.erase(map.lower_bound(from), map.lower_bound(to));
  }

  IndexMap map;
};

class MapDb final : public IndexDb {
 public:
  explicit MapDb(IndexMap& map) : map_(map) {}
  std::unique_ptr<Cursor> NewCursor(Scope scope) const override {
    return std::make_unique<MapCursor>(map_, scope);
  }
  std::unique_ptr<Batch> NewBatch() const override { return std::make_unique<MapBatch>(map_); }
  common::Result<void> Write(Batch& batch) override {
    map_ = static_cast<MapBatch&>(batch).map;
    return {};
  }

 private:
  IndexMap& map_;
};

}  // namespace

common::Result<std::unique_ptr<IndexDb>> IndexDb::Open(const std::string& /*path*/, void* env,
                                                       std::uint64_t /*memory_bytes*/) {
  return std::make_unique<MapDb>(*static_cast<IndexMap*>(env));
}

}  // namespace quire::bookie
