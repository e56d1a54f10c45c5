#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/error.h"

namespace quire::bookie {

// The ordered map under the index: RocksDB, and the only place that knows it. Without a write-ahead
// log, since the journal is one: a batch is atomic and durable when Write returns, and what was
// never written durably is not there after a crash.
class IndexDb {
 public:
  // A consistent view as of its making; sees each batch wholly or not at all. One thread at a time.
  // Views must be gone before the map is.
  class Cursor {
   public:
    virtual ~Cursor() = default;
    virtual void Seek(std::string_view key) = 0;      // the first key not below
    virtual void SeekBack(std::string_view key) = 0;  // the last key not above
    virtual void Next() = 0;                          // valid() only
    // False at the end, and on errors: ask status() before believing an absence (T-16).
    virtual bool valid() const = 0;
    virtual std::string_view key() const = 0;
    virtual std::string_view value() const = 0;
    virtual common::Result<void> status() const = 0;
  };

  class Batch {
   public:
    virtual ~Batch() = default;
    virtual void Put(std::string_view key, std::string_view value) = 0;
    virtual void Delete(std::string_view key) = 0;
    virtual void DeleteRange(std::string_view from, std::string_view to) = 0;  // [from, to)
  };

  enum class Scope {
    kPrefix,  // moves only among keys that share the first bytes (kExtentPrefixBytes) of the one
              // sought
    kAll,
  };

  static constexpr std::uint64_t kUsualMemory = std::uint64_t{32} << 20;

  // `env` is a rocksdb::Env* or null. `memory_bytes`: half of it for blocks, tables' indexes and
  // filters among them, the rest for what is written. kCorrupt, kIo or kDiskFull with the path and
  // what to do.
  static common::Result<std::unique_ptr<IndexDb>> Open(const std::string& path, void* env,
                                                       std::uint64_t memory_bytes = kUsualMemory);
  // Whether there is one, be it damaged. Open makes one where there is none.
  static bool Exists(const std::string& path, void* env);
  virtual ~IndexDb() = default;

  virtual std::unique_ptr<Cursor> NewCursor(Scope scope) const = 0;  // any thread
  virtual std::unique_ptr<Batch> NewBatch() const = 0;
  // Blocking. kDiskFull: there is too little room to begin, nothing was done, try again later.
  // After any other error nothing is known about this batch, and no other may be written: only
  // opening again tells what is durable.
  virtual common::Result<void> Write(Batch& batch) = 0;
};

}  // namespace quire::bookie
