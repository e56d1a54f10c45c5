#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bookie/index_commit.h"
#include "bookie/index_db.h"
#include "bookie/index_format.h"
#include "bookie/index_view.h"
#include "bookie/ledger_state.h"
#include "bookie/tombstones.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// Where every stored entry is, what every ledger's state is, what the segments hold, and up to
// which LSN all of that is complete. Changed by one commit at a time (flush worker), looked at
// through views (any thread).
class Index {
 public:
  using States = std::unordered_map<protocol::LedgerId, LedgerState>;

  // Blocking. `env` is a rocksdb::Env* or null. kCorrupt, kUnsupported, kIo or kDiskFull, with the
  // path. kWrongBookie: it is the index of another bookie than `bookie`, unless one of them is nil.
  static common::Result<std::unique_ptr<Index>> Open(
      const std::string& path, void* env, std::uint64_t memory_bytes = IndexDb::kUsualMemory,
      protocol::BookieId bookie = {});

  // Nothing was ever committed: the directory is new, or lost its index.
  bool created() const { return created_; }
  States TakeStates() { return std::move(states_); }  // as of Open, once
  Tombstones TakeTombstones() { return std::move(tombstones_); }

  IndexView View() const { return IndexView(*db_); }
  // Over all keys, as of now. Any thread.
  std::unique_ptr<IndexDb::Cursor> Scan() const { return db_->NewCursor(IndexDb::Scope::kAll); }

  // Flush worker, and the thread that opens.
  IndexCommit Begin() { return IndexCommit(*db_, record_, segments_); }
  const CommitRecord& record() const { return record_; }
  const std::map<SegmentId, SegmentSpace>& segments() const { return segments_; }

 private:
  explicit Index(std::unique_ptr<IndexDb> db) : db_(std::move(db)) {}
  common::Result<void> Load();

  const std::unique_ptr<IndexDb> db_;
  bool created_ = false;
  States states_;
  Tombstones tombstones_;
  // Flush worker; as of the last commit.
  CommitRecord record_;
  std::map<SegmentId, SegmentSpace> segments_;
};

}  // namespace quire::bookie
