#include "metadata/zookeeper_session.h"

#include <zookeeper/zookeeper.h>

#include <cerrno>
#include <cstdio>
#include <mutex>
#include <utility>

namespace quire::metadata {
namespace {

using Code = ZookeeperSession::Code;

Code Translate(int result) {
  switch (result) {
    case ZOK: return Code::kOk;
    case ZNONODE: return Code::kNoNode;
    case ZNODEEXISTS: return Code::kNodeExists;
    case ZBADVERSION: return Code::kBadVersion;
    case ZNOTEMPTY: return Code::kNotEmpty;
    case ZNOCHILDRENFOREPHEMERALS: return Code::kEphemeralParent;
    case ZNOAUTH:
    case ZBADARGUMENTS:
    case ZINVALIDACL:
    case ZUNIMPLEMENTED:
    case ZMARSHALLINGERROR: return Code::kRefused;
    case ZTHROTTLEDOP: return Code::kThrottled;
    default: return Code::kLost;
  }
}

void Silent(const char*) {}
void ToStderr(const char* line) {
  std::fprintf(stderr, "%s\n", line);
}

}  // namespace

// What the client's threads and the worker may touch. Lives until the handle is closed: the client
// holds raw pointers to it and to its requests.
struct ZookeeperSession::Channel : std::enable_shared_from_this<Channel> {
  explicit Channel(common::Loop& l) : loop(l) {}

  // Runs on the loop, unless the session has ended by then.
  template <typename F>
  void Post(F function) {
    loop.Post([channel = shared_from_this(), function = std::move(function)]() mutable {
      if (channel->session != nullptr) function(*channel->session);
    });
  }
  void Answer(Request* request, Reply reply);

  common::Loop& loop;
  ZookeeperSession* session = nullptr;  // loop thread only
  zhandle_t* handle = nullptr;          // worker only
  std::mutex mutex;
  std::map<std::uint64_t, std::unique_ptr<Request>> requests;  // guarded by mutex
};

struct ZookeeperSession::Request {
  Channel* channel;
  std::uint64_t id;
  std::vector<zoo_op_result_t> results;  // of a group, filled in by the client
};

void ZookeeperSession::Channel::Answer(Request* request, Reply reply) {
  const std::uint64_t id = request->id;
  {
    const std::lock_guard lock(mutex);
    requests.erase(id);
  }
  Post([id, reply = std::move(reply)](ZookeeperSession& s) mutable {
    s.Answered(id, std::move(reply));
  });
}

// What the C client calls, on its threads.
struct ZookeeperSession::Callbacks {
  static Reply ReplyOf(int result) {
    Reply reply;
    reply.code = Translate(result);
    if (result != ZOK) reply.detail = zerror(result);
    return reply;
  }
  static void Answer(const void* data, Reply reply) {
    auto* request = static_cast<Request*>(const_cast<void*>(data));
    request->channel->Answer(request, std::move(reply));
  }

  static void OnVoid(int result, const void* data) { Answer(data, ReplyOf(result)); }
  static void OnString(int result, const char*, const void* data) { Answer(data, ReplyOf(result)); }
  static void OnStat(int result, const Stat* stat, const void* data) {
    Reply reply = ReplyOf(result);
    if (result == ZOK && stat != nullptr) reply.version.value = stat->version;
    Answer(data, std::move(reply));
  }
  static void OnData(int result, const char* value, int size, const Stat* stat, const void* data) {
    Reply reply = ReplyOf(result);
    if (result == ZOK) {
      if (value != nullptr && size > 0) reply.value.assign(value, static_cast<std::size_t>(size));
      reply.version.value = stat->version;
    }
    Answer(data, std::move(reply));
  }
  static void OnStrings(int result, const String_vector* strings, const void* data) {
    Reply reply = ReplyOf(result);
    for (int i = 0; result == ZOK && strings != nullptr && i < strings->count; ++i) {
      reply.names.emplace_back(strings->data[i]);
    }
    Answer(data, std::move(reply));
  }
  static void OnMulti(int result, const void* data) {
    // The steps beside the one that failed say "runtime inconsistency"; it is the one of interest.
    if (result != ZOK) {
      for (const zoo_op_result_t& step : static_cast<const Request*>(data)->results) {
        const Code code = Translate(step.err);
        if (code == Code::kOk || code == Code::kLost) continue;
        result = step.err;
        break;
      }
    }
    Answer(data, ReplyOf(result));
  }

  static void OnSession(zhandle_t*, int type, int state, const char*, void* context) {
    if (type != ZOO_SESSION_EVENT) return;
    State now = State::kDisconnected;
    if (state == ZOO_CONNECTED_STATE) now = State::kConnected;
    if (state == ZOO_EXPIRED_SESSION_STATE || state == ZOO_AUTH_FAILED_STATE) {
      now = State::kExpired;
    }
    static_cast<Channel*>(context)->Post([now](ZookeeperSession& s) { s.Changed(now); });
  }
  static void OnWatch(zhandle_t*, int type, int, const char* path, void* context) {
    // The client tells every watch of session events too; those are OnSession's.
    if (type == ZOO_SESSION_EVENT || path == nullptr) return;
    Event event{path, type == ZOO_CREATED_EVENT, type == ZOO_DELETED_EVENT,
                type == ZOO_CHILD_EVENT};
    static_cast<Channel*>(context)->Post([event = std::move(event)](ZookeeperSession& s) mutable {
      s.handlers_.changed(std::move(event));
    });
  }
};

ZookeeperSession::ZookeeperSession(common::Loop& loop, common::Worker& worker,
                                   const Options& options, Handlers handlers)
    : channel_(std::make_shared<Channel>(loop)), worker_(worker), handlers_(std::move(handlers)) {
  channel_->session = this;
  worker_.Submit([channel = channel_, options] {
    // One level for the process. Without a reader the client shall not even format its lines: it
    // does so in a static buffer, from the threads of all its handles.
    constexpr auto kNothing = static_cast<ZooLogLevel>(0);
    zoo_set_debug_level(options.log_to_stderr ? ZOO_LOG_LEVEL_ERROR : kNothing);
    const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout);
    channel->handle = zookeeper_init2(options.servers.c_str(), &Callbacks::OnSession,
                                      static_cast<int>(timeout.count()), nullptr, channel.get(), 0,
                                      options.log_to_stderr ? &ToStderr : &Silent);
    channel->Post([handle = channel->handle](ZookeeperSession& s) { s.Opened(handle); });
  });
}

ZookeeperSession::~ZookeeperSession() {
  channel_->session = nullptr;
  worker_.Submit([channel = channel_] {
    if (channel->handle != nullptr) zookeeper_close(channel->handle);
  });
}

void ZookeeperSession::Opened(_zhandle* handle) {
  handle_ = handle;
  if (handle_ == nullptr) return handlers_.state(State::kFailed);
  if (connected_) handlers_.state(State::kConnected);
}

void ZookeeperSession::Changed(State state) {
  connected_ = state == State::kConnected;
  if (handle_ == nullptr && connected_) return;  // Opened() tells
  handlers_.state(state);
}

void ZookeeperSession::Answered(std::uint64_t id, Reply reply) {
  auto pending = pending_.extract(id);
  if (!pending.empty()) pending.mapped()(std::move(reply));
}

ZookeeperSession::Request* ZookeeperSession::NewRequest(Done done) {
  const std::uint64_t id = ++last_id_;
  pending_.emplace(id, std::move(done));
  auto request = std::make_unique<Request>(Request{channel_.get(), id, {}});
  Request* raw = request.get();
  const std::lock_guard lock(channel_->mutex);
  channel_->requests.emplace(id, std::move(request));
  return raw;
}

void ZookeeperSession::CheckSent(int result, Request* request) {
  if (result == ZOK) return;
  Reply reply = Callbacks::ReplyOf(result);
  if (reply.code == Code::kLost) reply.code = Code::kNotSent;
  channel_->Answer(request, std::move(reply));
}

void ZookeeperSession::Create(const std::string& path, const std::string& value, NodeKind kind,
                              Done done) {
  Request* request = NewRequest(std::move(done));
  CheckSent(zoo_acreate(handle_, path.c_str(), value.data(), static_cast<int>(value.size()),
                        &ZOO_OPEN_ACL_UNSAFE, kind == NodeKind::kEphemeral ? ZOO_EPHEMERAL : 0,
                        &Callbacks::OnString, request),
            request);
}

void ZookeeperSession::Get(const std::string& path, Done done) {
  Request* request = NewRequest(std::move(done));
  CheckSent(zoo_aget(handle_, path.c_str(), 0, &Callbacks::OnData, request), request);
}

void ZookeeperSession::Set(const std::string& path, const std::string& value, Version expected,
                           Done done) {
  Request* request = NewRequest(std::move(done));
  CheckSent(zoo_aset(handle_, path.c_str(), value.data(), static_cast<int>(value.size()),
                     expected.value, &Callbacks::OnStat, request),
            request);
}

void ZookeeperSession::Delete(const std::string& path, Version expected, Done done) {
  Request* request = NewRequest(std::move(done));
  CheckSent(zoo_adelete(handle_, path.c_str(), expected.value, &Callbacks::OnVoid, request),
            request);
}

void ZookeeperSession::Children(const std::string& path, Done done) {
  Request* request = NewRequest(std::move(done));
  CheckSent(zoo_aget_children(handle_, path.c_str(), 0, &Callbacks::OnStrings, request), request);
}

void ZookeeperSession::Sync(const std::string& path, Done done) {
  Request* request = NewRequest(std::move(done));
  CheckSent(zoo_async(handle_, path.c_str(), &Callbacks::OnString, request), request);
}

void ZookeeperSession::Multi(const std::vector<Op>& ops, Done done) {
  Request* request = NewRequest(std::move(done));
  request->results.resize(ops.size());
  std::vector<zoo_op_t> steps(ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const Op& op = ops[i];
    const char* path = op.path.c_str();
    const char* value = op.value.data();
    const int size = static_cast<int>(op.value.size());
    const int version = op.version.value;
    switch (op.kind) {
      case Op::Kind::kCreate:
        zoo_create_op_init(&steps[i], path, value, size, &ZOO_OPEN_ACL_UNSAFE, 0, nullptr, 0);
        break;
      case Op::Kind::kCompareAndSet:
        zoo_set_op_init(&steps[i], path, value, size, version, nullptr);
        break;
      case Op::Kind::kDelete: zoo_delete_op_init(&steps[i], path, version); break;
      case Op::Kind::kCheck: zoo_check_op_init(&steps[i], path, version); break;
    }
  }
  CheckSent(zoo_amulti(handle_, static_cast<int>(steps.size()), steps.data(),
                       request->results.data(), &Callbacks::OnMulti, request),
            request);
}

void ZookeeperSession::WatchNode(const std::string& path, Done done) {
  Request* request = NewRequest(std::move(done));
  CheckSent(zoo_awexists(handle_, path.c_str(), &Callbacks::OnWatch, channel_.get(),
                         &Callbacks::OnStat, request),
            request);
}

void ZookeeperSession::WatchChildren(const std::string& path, Done done) {
  Request* request = NewRequest(std::move(done));
  CheckSent(zoo_awget_children(handle_, path.c_str(), &Callbacks::OnWatch, channel_.get(),
                               &Callbacks::OnStrings, request),
            request);
}

std::string ZookeeperSession::identity() const {
  if (handle_ == nullptr) return {};
  const clientid_t* id = zoo_client_id(handle_);
  return std::string(reinterpret_cast<const char*>(id), sizeof(*id));
}

}  // namespace quire::metadata
