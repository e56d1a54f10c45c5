#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/loop.h"

namespace quire::metadata {

// The largest value, and the largest sum of values of one Multi: ZooKeeper's own bound
// (jute.maxbuffer, 1 MiB) less room for the path and the headers. Larger is kInvalidArgument.
inline constexpr std::size_t kMaxValueBytes = 1'000'000;

// The version of a value. There is no "any version": a blind write is not expressible (T-31).
struct Version {
  std::int32_t value = 0;
  auto operator<=>(const Version&) const = default;
};

struct Versioned {
  std::string value;
  Version version;
};

enum class NodeKind {
  kPersistent,
  kEphemeral,  // goes with the session that made it
};

enum class SessionEvent {
  kConnected,     // requests are answered
  kDisconnected,  // for now; watches and ephemeral nodes may live on
  kNewSession,    // the old session expired: its ephemeral nodes are gone, its watches lost (T-32)
};

// One step of an atomic group (Multi).
struct Op {
  enum class Kind { kCreate, kCompareAndSet, kDelete, kCheck };
  Kind kind = Kind::kCreate;
  std::string path;
  std::string value;
  Version version;
};

// A tree of small versioned values: what Quire needs of ZooKeeper, and no more. Paths are absolute
// below the store's root ("/ledgers/..."); nodes with children and a value are the same thing.
//
// Calls are made on the loop given to the implementation, and complete there exactly once, in a
// later turn. Errors of every call, beside those named with it:
//   kAmbiguous            the connection broke after a write was sent: it may be applied now, later
//                         or never (T-26). Only a later read or a later won write tells.
//   kMetadataUnavailable  not connected; nothing was sent, nothing will happen.
// A read never returns kAmbiguous.
class MetadataStore {
 public:
  virtual ~MetadataStore() = default;

  using Done = common::Callback<common::Result<void>>;
  using VersionDone = common::Callback<common::Result<Version>>;
  using ReadDone = common::Callback<common::Result<Versioned>>;
  using ListDone = common::Callback<common::Result<std::vector<std::string>>>;

  // Exclusive. Parents are created as needed, persistent and empty. kNodeExists.
  virtual void Create(std::string path, std::string value, NodeKind kind, VersionDone done) = 0;

  // Linearizable: sees every write that completed before the call. kNoNode.
  virtual void Read(std::string path, ReadDone done) = 0;

  // Writes only over `expected`. kBadVersion, kNoNode.
  virtual void CompareAndSet(std::string path, std::string value, Version expected,
                             VersionDone done) = 0;

  // Deletes only `expected`. kBadVersion, kNoNode, kNotEmpty.
  virtual void Delete(std::string path, Version expected, Done done) = 0;

  // All or nothing. The error is that of the first step that failed. Parents must exist.
  virtual void Multi(std::vector<Op> ops, Done done) = 0;

  // Sorted names (not paths) of up to `limit` children that sort after `after`; linearizable.
  // kNoNode.
  virtual void List(std::string path, std::string after, std::size_t limit, ListDone done) = 0;

  // A hint, called at most once, that the value of the path (or its existence) or its list of
  // children may have changed since the call, also when the session was lost. Re-read, then watch
  // again: watch first, read second misses nothing. The watch is dropped with the returned handle.
  using WatchHandle = std::shared_ptr<void>;
  virtual WatchHandle Watch(std::string path, common::Task changed) = 0;
  virtual WatchHandle WatchChildren(std::string path, common::Task changed) = 0;

  // Called on each event, from now on, until the handle is dropped.
  virtual WatchHandle OnSession(common::Callback<SessionEvent> event) = 0;
};

}  // namespace quire::metadata
