#include "metadata/zookeeper_store.h"

#include <algorithm>
#include <utility>

#include "common/worker.h"
#include "metadata/backoff.h"
#include "metadata/call_check.h"
#include "metadata/lifetime.h"
#include "metadata/metadata_uri.h"
#include "metadata/session_listeners.h"
#include "metadata/tree_path.h"
#include "metadata/zookeeper_calls.h"
#include "metadata/zookeeper_session.h"
#include "metadata/zookeeper_watches.h"

namespace quire::metadata {

using common::Errc;
using common::Fail;
using common::Result;

class ZookeeperStore::Impl {
 public:
  using CallId = ZookeeperCalls::CallId;
  using Reply = ZookeeperSession::Reply;
  using Code = ZookeeperSession::Code;

  Impl(common::Loop& loop, const MetadataUri& uri, const ZookeeperOptions& options)
      : loop_(loop),
        root_(uri.root()),
        session_options_{uri.servers(), options.session_timeout, options.log_to_stderr},
        worker_("zk-session"),
        calls_(loop, {options.call_timeout, options.connect_timeout, options.max_calls},
               uri.servers()),
        watches_(loop) {
    NewSession();
  }
  ~Impl() {
    if (retry_ != 0) loop_.Cancel(retry_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Create(const std::string& path, std::string value, NodeKind kind, VersionDone done) {
    if (auto bad = CheckCreate(path, value); !bad) return Refuse(std::move(done), bad.error());
    calls_.Start<Version>(std::move(done),
                          [this, path = Whole(path), value = std::move(value), kind](CallId id) {
                            CreateNode(id, path, value, kind, kParentRounds);
                          });
  }

  void Read(const std::string& path, ReadDone done) {
    if (auto bad = CheckRead(path); !bad) return Refuse(std::move(done), bad.error());
    calls_.Start<Versioned>(std::move(done), [this, path = Whole(path)](CallId id) {
      // A sync that is lost takes the read behind it along, on the same connection; should that
      // ever not be so, the call has ended by then.
      session_->Sync(path, Expect(id));
      session_->Get(path, [this, id](Reply reply) {
        if (reply.code != Code::kOk) return End(id, reply);
        calls_.Finish<Versioned>(id, Versioned{std::move(reply.value), reply.version});
      });
    });
  }

  void CompareAndSet(const std::string& path, std::string value, Version expected,
                     VersionDone done) {
    if (auto bad = CheckChange(path, value, expected); !bad) {
      return Refuse(std::move(done), bad.error());
    }
    calls_.Start<Version>(
        std::move(done), [this, path = Whole(path), value = std::move(value), expected](CallId id) {
          calls_.SetInDoubt(id, true);
          session_->Set(path, value, expected, [this, id](const Reply& reply) {
            if (reply.code != Code::kOk) return End(id, reply);
            calls_.Finish<Version>(id, reply.version);
          });
        });
  }

  void Delete(const std::string& path, Version expected, Done done) {
    if (auto bad = CheckChange(path, "", expected); !bad) {
      return Refuse(std::move(done), bad.error());
    }
    calls_.Start<void>(std::move(done), [this, path = Whole(path), expected](CallId id) {
      calls_.SetInDoubt(id, true);
      session_->Delete(path, expected, [this, id](const Reply& reply) { EndVoid(id, reply); });
    });
  }

  void Multi(std::vector<Op> ops, Done done) {
    if (auto bad = CheckMulti(ops); !bad) return Refuse(std::move(done), bad.error());
    for (Op& op : ops) op.path = Whole(op.path);
    calls_.Start<void>(std::move(done), [this, ops = std::move(ops)](CallId id) {
      calls_.SetInDoubt(id, true);
      session_->Multi(ops, [this, id](const Reply& reply) { EndVoid(id, reply); });
    });
  }

  void List(const std::string& path, std::string after, std::size_t limit, ListDone done) {
    if (auto bad = CheckRead(path); !bad) return Refuse(std::move(done), bad.error());
    using Names = std::vector<std::string>;
    calls_.Start<Names>(
        std::move(done), [this, path = Whole(path), after = std::move(after), limit](CallId id) {
          session_->Sync(path, Expect(id));
          session_->Children(path, [this, id, after, limit](Reply reply) {
            if (reply.code != Code::kOk) return End(id, reply);
            // ZooKeeper knows no pages and no order.
            Names& names = reply.names;
            std::erase_if(names, [&after](const std::string& name) { return name <= after; });
            std::ranges::sort(names);
            if (names.size() > limit) names.resize(limit);
            calls_.Finish<Names>(id, std::move(names));
          });
        });
  }

  WatchHandle Watch(const std::string& path, WatchKind kind, common::Task changed) {
    return watches_.Add(session_.get(), calls_.connected(), {Whole(path), kind},
                        std::move(changed));
  }
  WatchHandle OnSession(common::Callback<SessionEvent> event) {
    return listeners_.Add(std::move(event));
  }
  bool connected() const { return calls_.connected(); }
  std::string identity() const { return session_ ? session_->identity() : std::string(); }

 private:
  // Parents may be deleted while we make them; more rounds than this mean that something is wrong.
  static constexpr int kParentRounds = 8;

  std::string Whole(const std::string& path) const { return path == "/" ? root_ : root_ + path; }

  template <typename T>
  void Refuse(common::Callback<Result<T>> done, common::Error error) {
    loop_.Post(lifetime_.WhileAlive([done = std::move(done), error = std::move(error)]() mutable {
      done(Fail(std::move(error)));
    }));
  }

  void CreateNode(CallId id, const std::string& path, const std::string& value, NodeKind kind,
                  int rounds) {
    calls_.SetInDoubt(id, true);
    session_->Create(path, value, kind, [this, id, path, value, kind, rounds](const Reply& reply) {
      if (reply.code == Code::kOk) return calls_.Finish<Version>(id, Version{0});
      if (reply.code != Code::kNoNode || rounds == 0) return End(id, reply);
      calls_.SetInDoubt(id, false);  // parents may be left behind, the node is not
      CreateParents(id, std::string(ParentPath(path)), [this, id, path, value, kind, rounds] {
        CreateNode(id, path, value, kind, rounds - 1);
      });
    });
  }

  // From the root down, all at once: the requests keep their order.
  void CreateParents(CallId id, const std::string& path, common::Task then) {
    if (!calls_.IsOpen(id)) return;
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      session_->Create(path.substr(0, slash), "", NodeKind::kPersistent, [](const Reply&) {});
    }
    session_->Create(path, "", NodeKind::kPersistent,
                     [this, id, then = std::move(then)](const Reply& reply) mutable {
                       if (!calls_.IsOpen(id)) return;
                       // Not being there is a lost race against a delete: the next round sees.
                       const bool go_on = reply.code == Code::kOk ||
                                          reply.code == Code::kNodeExists ||
                                          reply.code == Code::kNoNode;
                       go_on ? then() : End(id, reply);
                     });
  }

  // For a request that only another one's answer depends on.
  ZookeeperSession::Done Expect(CallId id) {
    return [this, id](const Reply& reply) {
      if (reply.code != Code::kOk) End(id, reply);
    };
  }

  void EndVoid(CallId id, const Reply& reply) {
    reply.code == Code::kOk ? calls_.Finish<void>(id, {}) : End(id, reply);
  }

  void End(CallId id, const Reply& reply) {
    switch (reply.code) {
      case Code::kNoNode: return calls_.Fail(id, common::Error(Errc::kNoNode));
      case Code::kNodeExists: return calls_.Fail(id, common::Error(Errc::kNodeExists));
      case Code::kBadVersion: return calls_.Fail(id, common::Error(Errc::kBadVersion));
      case Code::kNotEmpty: return calls_.Fail(id, common::Error(Errc::kNotEmpty));
      case Code::kEphemeralParent:
      case Code::kRefused: return calls_.Fail(id, {Errc::kInvalidArgument, reply.detail});
      case Code::kNotSent:
      case Code::kThrottled:
        calls_.SetInDoubt(id, false);
        return calls_.Lose(id, "took no request: " + reply.detail);
      case Code::kOk:
      case Code::kLost: return calls_.Lose(id, "lost the connection: " + reply.detail);
    }
  }

  void NewSession() {
    session_ = std::make_unique<ZookeeperSession>(
        loop_, worker_, session_options_,
        ZookeeperSession::Handlers{
            [this](ZookeeperSession::State state) { OnState(state); },
            [this](const ZookeeperSession::Event& event) { watches_.Changed(event); }});
  }

  void OnState(ZookeeperSession::State state) {
    switch (state) {
      case ZookeeperSession::State::kConnected: return OnConnected();
      case ZookeeperSession::State::kDisconnected:
        if (calls_.connected()) Notify(SessionEvent::kDisconnected);
        return calls_.Disconnected();
      case ZookeeperSession::State::kExpired:
        if (calls_.connected()) Notify(SessionEvent::kDisconnected);
        calls_.Disconnected();
        calls_.LoseAllSent();
        watches_.SessionEnded();
        renewed_ = true;
        // The session calls us: it can be exchanged in another turn only.
        return loop_.Post(lifetime_.WhileAlive([this] { NewSession(); }));
      case ZookeeperSession::State::kFailed:
        if (retry_ != 0) return;
        retry_ = loop_.After(backoff_.Next(), lifetime_.WhileAlive([this] {
          retry_ = 0;
          NewSession();
        }));
    }
  }

  void OnConnected() {
    if (calls_.connected()) return;
    backoff_.Reset();
    // Watches go out before the calls that came after them.
    watches_.Connected(*session_);
    calls_.Connected();
    if (renewed_) watches_.FireAll();
    Notify(renewed_ ? SessionEvent::kNewSession : SessionEvent::kConnected);
    renewed_ = false;
  }

  void Notify(SessionEvent event) {
    loop_.Post(lifetime_.WhileAlive([this, event] { listeners_.Notify(event); }));
  }

  common::Loop& loop_;
  const std::string root_;
  const ZookeeperSession::Options session_options_;
  common::ThreadWorker worker_;  // outlives the sessions, whose closing it runs
  ZookeeperCalls calls_;
  ZookeeperWatches watches_;
  SessionListeners listeners_;
  bool renewed_ = false;  // the session that is being made follows one that expired
  common::Loop::TimerId retry_ = 0;
  Backoff backoff_;
  std::unique_ptr<ZookeeperSession> session_;  // always there; ends before what it calls
  Lifetime lifetime_;
};

Result<std::unique_ptr<ZookeeperStore>> ZookeeperStore::Open(common::Loop& loop,
                                                             std::string_view uri,
                                                             ZookeeperOptions options) {
  const auto parsed = MetadataUri::Parse(uri);
  if (!parsed) return Fail(parsed.error());
  return std::unique_ptr<ZookeeperStore>(
      new ZookeeperStore(std::make_unique<Impl>(loop, *parsed, options)));
}

ZookeeperStore::ZookeeperStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZookeeperStore::~ZookeeperStore() = default;

bool ZookeeperStore::Connected() const {
  return impl_->connected();
}
std::string ZookeeperStore::session_identity() const {
  return impl_->identity();
}

void ZookeeperStore::Create(std::string path, std::string value, NodeKind kind, VersionDone done) {
  impl_->Create(path, std::move(value), kind, std::move(done));
}
void ZookeeperStore::Read(std::string path, ReadDone done) {
  impl_->Read(path, std::move(done));
}
void ZookeeperStore::CompareAndSet(std::string path, std::string value, Version expected,
                                   VersionDone done) {
  impl_->CompareAndSet(path, std::move(value), expected, std::move(done));
}
void ZookeeperStore::Delete(std::string path, Version expected, Done done) {
  impl_->Delete(path, expected, std::move(done));
}
void ZookeeperStore::Multi(std::vector<Op> ops, Done done) {
  impl_->Multi(std::move(ops), std::move(done));
}
void ZookeeperStore::List(std::string path, std::string after, std::size_t limit, ListDone done) {
  impl_->List(path, std::move(after), limit, std::move(done));
}
MetadataStore::WatchHandle ZookeeperStore::Watch(std::string path, common::Task changed) {
  return impl_->Watch(path, WatchKind::kNode, std::move(changed));
}
MetadataStore::WatchHandle ZookeeperStore::WatchChildren(std::string path, common::Task changed) {
  return impl_->Watch(path, WatchKind::kChildren, std::move(changed));
}
MetadataStore::WatchHandle ZookeeperStore::OnSession(common::Callback<SessionEvent> event) {
  return impl_->OnSession(std::move(event));
}

}  // namespace quire::metadata
