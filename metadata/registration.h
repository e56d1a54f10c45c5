#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/loop.h"
#include "metadata/backoff.h"
#include "metadata/bookie_info.h"
#include "metadata/lifetime.h"
#include "metadata/metadata_store.h"

namespace quire::metadata {

// Keeps one bookie registered while it lives: creates the ephemeral node, again on a new session,
// replaces a node that an earlier process of the same bookie left behind, moves between writable
// and read-only. Loop thread only. The node goes when the object does (best effort) or the session
// ends.
class Registration {
 public:
  Registration(common::Loop& loop, MetadataStore& store, BookieInfo info);
  // A caller of Start that still waits gets kShutdown in a later turn.
  ~Registration();
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  // Completes when the node is there for the first time, however long the store is away before.
  void Start(MetadataStore::Done done);
  void SetWritable(bool writable);
  // The node was there, as wanted, when it was last looked at.
  bool registered() const { return registered_; }
  // Nodes made so far: one at the start, one for each session that was lost, node that somebody
  // removed, and change between writable and read-only.
  std::uint64_t created() const { return created_; }

 private:
  // One pass at a time brings the nodes into the wanted state: the one of `info_` is there and made
  // in this session, the one of the other directory is not. What changes meanwhile asks for
  // another.
  void Reconcile();
  void Create();
  void ReplaceLeftover();
  void Verify();
  void RemoveOther();
  void Settled();
  void Failed();
  void OnSession(SessionEvent event);

  common::Loop& loop_;
  MetadataStore& store_;
  BookieInfo info_;
  BookieInfo pass_;                 // info_ as the pass under way has it
  std::optional<std::string> own_;  // the path that this object created in this session
  std::uint64_t created_ = 0;
  bool registered_ = false;
  bool started_ = false;
  bool busy_ = false;   // a pass is under way, or waits for its next attempt
  bool again_ = false;  // ... and another is wanted behind it
  MetadataStore::Done start_done_;
  MetadataStore::WatchHandle session_watch_;
  MetadataStore::WatchHandle node_watch_;
  common::Loop::TimerId retry_ = 0;
  Backoff backoff_;
  Lifetime lifetime_;
};

}  // namespace quire::metadata
