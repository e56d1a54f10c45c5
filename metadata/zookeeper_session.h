#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/loop.h"
#include "common/worker.h"
#include "metadata/metadata_store.h"

struct _zhandle;  // NOLINT(bugprone-reserved-identifier): the C client's own name

namespace quire::metadata {

// One session of ZooKeeper's C client and nothing above it: requests out, answers and events in,
// all on the loop. The client's own threads only post. Opening and closing may block (name
// resolution, joining threads) and run on the worker. Loop thread only.
class ZookeeperSession {
 public:
  enum class Code {
    kOk,
    kNoNode,
    kNodeExists,
    kBadVersion,
    kNotEmpty,
    kEphemeralParent,
    kRefused,    // for another certain reason
    kThrottled,  // certainly not executed
    kLost,       // the answer will not come; the request may be or become executed
    kNotSent,
  };
  struct Reply {
    Code code = Code::kOk;
    std::string value;
    Version version;
    std::vector<std::string> names;
    std::string detail;  // the client's own words when not kOk
  };
  using Done = common::Callback<Reply>;

  enum class State { kConnected, kDisconnected, kExpired, kFailed };
  struct Event {
    std::string path;
    bool created = false;
    bool deleted = false;
    bool children = false;  // only the list of children changed
  };
  struct Handlers {
    common::Callback<State> state;    // kExpired and kFailed (cannot even begin) are the last
    common::Callback<Event> changed;  // of a watched path
  };
  struct Options {
    std::string servers;
    common::Duration timeout{};
    bool log_to_stderr = false;
  };

  // The worker must outlive what is submitted to it, and the loop the worker.
  ZookeeperSession(common::Loop& loop, common::Worker& worker, const Options& options,
                   Handlers handlers);
  // Ends the session: its ephemeral nodes go. No callback comes after this.
  ~ZookeeperSession();
  ZookeeperSession(const ZookeeperSession&) = delete;
  ZookeeperSession& operator=(const ZookeeperSession&) = delete;

  // Requests go out in the order of these calls, and each `done` is called once, in a later turn,
  // unless the session is ended first. Paths are whole.
  void Create(const std::string& path, const std::string& value, NodeKind kind, Done done);
  void Get(const std::string& path, Done done);
  void Set(const std::string& path, const std::string& value, Version expected, Done done);
  void Delete(const std::string& path, Version expected, Done done);
  void Children(const std::string& path, Done done);
  void Sync(const std::string& path, Done done);
  void Multi(const std::vector<Op>& ops, Done done);
  // Sets a watch whether the node is there or not (kOk or kNoNode).
  void WatchNode(const std::string& path, Done done);
  // Sets a watch if the node is there.
  void WatchChildren(const std::string& path, Done done);

  // The client's session id and password, which another connection can show; 16 bytes.
  std::string identity() const;

 private:
  struct Channel;
  struct Request;
  struct Callbacks;

  void Opened(_zhandle* handle);
  void Changed(State state);
  void Answered(std::uint64_t id, Reply reply);
  // The C client's context for a new request.
  Request* NewRequest(Done done);
  // The request was not taken by the client.
  void CheckSent(int result, Request* request);

  const std::shared_ptr<Channel> channel_;  // shared with the client's threads and the worker
  common::Worker& worker_;
  Handlers handlers_;
  _zhandle* handle_ = nullptr;
  bool connected_ = false;  // as the client last said; may come before the handle does
  std::map<std::uint64_t, Done> pending_;
  std::uint64_t last_id_ = 0;
};

}  // namespace quire::metadata
