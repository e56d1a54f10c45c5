#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "common/error.h"
#include "common/loop.h"
#include "metadata/lifetime.h"

namespace quire::metadata {

// The calls of a ZookeeperStore from their start to their one callback. A call waits here for a
// connection, so that it is certain that nothing of it was sent; every call ends in time. Loop
// thread only.
class ZookeeperCalls {
 public:
  using CallId = std::uint64_t;
  struct Limits {
    common::Duration call_timeout{};     // from the start to the callback, at most
    common::Duration connect_timeout{};  // of it, waiting for a connection
    std::size_t max_calls = 0;
  };

  // `servers` is for the messages.
  ZookeeperCalls(common::Loop& loop, Limits limits, std::string servers);
  // Callbacks that are due are dropped.
  ~ZookeeperCalls();
  ZookeeperCalls(const ZookeeperCalls&) = delete;
  ZookeeperCalls& operator=(const ZookeeperCalls&) = delete;

  // `send` gets the call's id and is run when there is a connection; at once if there is one.
  template <typename T>
  void Start(common::Callback<common::Result<T>> done, common::Callback<CallId> send) {
    Add(std::make_unique<CallOf<T>>(std::move(done)), std::move(send));
  }

  // Ends the call, unless it has ended before.
  template <typename T>
  void Finish(CallId id, common::Result<T> result) {
    const std::unique_ptr<Call> call = Take(id);
    if (call) static_cast<CallOf<T>&>(*call).done(std::move(result));
  }
  void Fail(CallId id, common::Error error);
  // The answer was lost: kAmbiguous if a write may have been sent, else kMetadataUnavailable.
  void Lose(CallId id, const std::string& why);

  bool IsOpen(CallId id) const { return calls_.contains(id); }
  // A write of the call is given to the client now; or its outcome is known, and it did nothing.
  void SetInDoubt(CallId id, bool in_doubt);

  void Connected();
  void Disconnected() { connected_ = false; }
  // The session has ended, and with it what was sent.
  void LoseAllSent();
  bool connected() const { return connected_; }

 private:
  struct Call {
    virtual ~Call() = default;
    virtual void Fail(common::Error error) = 0;

    common::Callback<CallId> send;  // empty once it was run
    common::TimePoint deadline;
    common::Loop::TimerId timer = 0;
    bool in_doubt = false;
  };
  template <typename T>
  struct CallOf final : Call {
    explicit CallOf(common::Callback<common::Result<T>> d) : done(std::move(d)) {}
    void Fail(common::Error error) override { done(common::Fail(std::move(error))); }
    common::Callback<common::Result<T>> done;
  };

  void Add(std::unique_ptr<Call> call, common::Callback<CallId> send);
  void Send(CallId id);
  std::unique_ptr<Call> Take(CallId id);
  void Arm(CallId id, Call& call, common::Duration limit);

  common::Loop& loop_;
  const Limits limits_;
  const std::string servers_;
  std::map<CallId, std::unique_ptr<Call>> calls_;
  std::deque<CallId> waiting_;  // for a connection, in the order of the calls; some may have ended
  CallId last_id_ = 0;
  bool connected_ = false;
  bool ever_connected_ = false;
  Lifetime lifetime_;
};

}  // namespace quire::metadata
