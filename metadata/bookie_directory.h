#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/loop.h"
#include "metadata/backoff.h"
#include "metadata/bookie_info.h"
#include "metadata/lifetime.h"
#include "metadata/metadata_store.h"

namespace quire::metadata {

// A live view of the registered bookies for placement and address look-up: re-read on every watch
// and session event, never emptied by a metadata outage. Loop thread only.
class BookieDirectory {
 public:
  BookieDirectory(common::Loop& loop, MetadataStore& store);
  // Callers of Start and Refresh that still wait get kShutdown in a later turn.
  ~BookieDirectory();
  BookieDirectory(const BookieDirectory&) = delete;
  BookieDirectory& operator=(const BookieDirectory&) = delete;

  // Completes after the first successful read, however long the store is away before.
  void Start(MetadataStore::Done done);
  // Completes after a fresh read, for a caller that misses a bookie; with the error if it fails.
  void Refresh(MetadataStore::Done done);

  const std::vector<BookieInfo>& bookies() const { return bookies_; }
  // The last address known, also of a bookie that is not registered now; empty: never seen.
  std::string AddressOf(protocol::BookieId bookie) const;

 private:
  using Waiters = std::vector<MetadataStore::Done>;

  void Read();
  void Got(common::Result<std::vector<BookieInfo>> read);

  common::Loop& loop_;
  MetadataStore& store_;
  std::vector<BookieInfo> bookies_;
  std::map<protocol::BookieId, std::string> addresses_;
  bool reading_ = false;
  bool again_ = false;   // something changed since the read under way began
  Waiters reading_for_;  // wait for the read under way
  Waiters next_for_;     // came too late for it
  Waiters start_;        // wait for a read that succeeds
  MetadataStore::WatchHandle session_watch_;
  MetadataStore::WatchHandle writable_watch_;
  MetadataStore::WatchHandle readonly_watch_;
  common::Loop::TimerId retry_ = 0;
  Backoff backoff_;
  Lifetime lifetime_;
};

}  // namespace quire::metadata
