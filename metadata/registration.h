#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/loop.h"
#include "metadata/backoff.h"
#include "metadata/bookie_info.h"
#include "metadata/lifetime.h"
#include "metadata/metadata_store.h"

namespace quire::metadata {

// Keeps one bookie registered while it lives: creates the ephemeral node, again on a new session,
// moves between writable and read-only. Loop thread only. The node goes when the object does (best
// effort) or the session ends.
//
// A node with our own address is of an earlier session, because nobody else can listen there: of a
// process that died lately, of this one before it lost its session, or of a creation whose answer
// was lost. It is exchanged for one of this session. A node with another address may be of a
// running daemon that has the same directory or a copy of it, which answers for entries that are
// not here: it is left alone, and this bookie is not registered until it is gone.
class Registration {
 public:
  // The bookie is registered at that address, which is not ours. Called once until it is ours
  // again.
  using Elsewhere = std::function<void(const std::string& address)>;

  Registration(common::Loop& loop, MetadataStore& store, BookieInfo info, Elsewhere elsewhere);
  // A caller of Start that still waits gets kShutdown in a later turn.
  ~Registration();
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  // Completes when the node is there for the first time, however long the store is away before or
  // the bookie registered elsewhere.
  void Start(MetadataStore::Done done);
  void SetWritable(bool writable);
  // The node was there, as wanted, when it was last looked at.
  bool registered() const { return registered_; }
  // Start has completed.
  bool started() const { return started_ && !start_done_; }
  // Nodes made so far: one at the start, one for each session that was lost, node that somebody
  // removed, and change between writable and read-only.
  std::uint64_t created() const { return created_; }

 private:
  using Found = common::Callback<std::optional<Version>>;

  // One pass at a time brings the nodes into the wanted state: the one of `info_` is there and made
  // in this session, the one of the other directory is not. What changes meanwhile asks for
  // another. A pass looks into the other directory after it has created a node: of two daemons
  // that come at the same time, one writable and one not, each finds the other and withdraws. Who
  // had to withdraw looks before as well.
  void Reconcile();
  void LookBeforeCreate();
  void Create();
  void Verify();
  // Removes a leftover of this bookie at `path`, if there is one, and goes on with `then`.
  void Clear(const std::string& path, void (Registration::*then)());
  void Settled();
  // Reads a node of this bookie; `found` gets its version, or nothing when there is none. Ends the
  // pass by itself when it cannot be read or has another address.
  void Find(const std::string& path, Found found);
  // Ends the pass after somebody else's node was found at `path`. One of ours does not stay beside
  // it.
  void Withdraw(const std::string& path, const std::string& address);
  void Failed();
  void OnSession(SessionEvent event);

  common::Loop& loop_;
  MetadataStore& store_;
  BookieInfo info_;
  const Elsewhere elsewhere_;
  BookieInfo pass_;                 // info_ as the pass under way has it
  std::optional<std::string> own_;  // the path that this object created in this session
  std::uint64_t created_ = 0;
  bool registered_ = false;
  bool told_ = false;  // it is registered elsewhere, and that was told
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
