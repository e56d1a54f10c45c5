#pragma once

#include <memory>
#include <set>
#include <utility>

#include "common/error.h"
#include "common/loop.h"
#include "metadata/backoff.h"

namespace quire::metadata {

// A call that takes several steps on a MetadataStore. Loop thread only.
class Operation : public std::enable_shared_from_this<Operation> {
 public:
  virtual ~Operation() = default;
  // The owner goes: tell the caller kShutdown in a later turn and do nothing more.
  virtual void Abandon() = 0;
};

// The operations of one owner. They end with it: what a store, a timer or the loop calls later
// finds a weak reference that is dead.
class OperationSet {
 public:
  OperationSet() = default;
  ~OperationSet();
  OperationSet(const OperationSet&) = delete;
  OperationSet& operator=(const OperationSet&) = delete;

  void Insert(std::shared_ptr<Operation> operation);
  void Erase(const std::shared_ptr<Operation>& operation);

 private:
  std::set<std::shared_ptr<Operation>> operations_;
};

// An operation whose caller waits for a Result<T>, with its two timers: one ends it, one makes it
// try again. Calls `done` exactly once, in a later turn than the call.
template <typename T>
class OperationOf : public Operation {
 public:
  using Done = common::Callback<common::Result<T>>;

  void Abandon() final {
    CancelTimers();
    loop_.Post([done = std::move(done_)]() mutable {
      done(common::Fail(common::Errc::kShutdown, "the metadata client was closed"));
    });
  }

 protected:
  OperationOf(common::Loop& loop, OperationSet& owner, Done done)
      : loop_(loop), owner_(owner), done_(std::move(done)) {}

  // The function, made harmless for the time after this operation.
  template <typename F>
  auto WhileAlive(F function) {
    return [weak = weak_from_this(),
            function = std::move(function)]<typename... A>(A&&... arguments) mutable {
      if (const auto self = weak.lock()) function(std::forward<A>(arguments)...);
    };
  }

  // Nothing of this object may be used after it.
  void Finish(common::Result<T> result) {
    CancelTimers();
    Done done = std::move(done_);
    owner_.Erase(shared_from_this());
    done(std::move(result));
  }
  // For results that are known within the call.
  template <typename F>
  void NextTurn(F function) {
    loop_.Post(WhileAlive(std::move(function)));
  }

  template <typename F>
  void EndAfter(common::Duration deadline, F function) {
    deadline_ = loop_.After(deadline, WhileAlive(std::move(function)));
  }
  template <typename F>
  void RetryLater(F function) {
    retry_ = loop_.After(backoff_.Next(), WhileAlive(std::move(function)));
  }
  void Progressed() { backoff_.Reset(); }

 private:
  void CancelTimers() {
    if (deadline_ != 0) loop_.Cancel(std::exchange(deadline_, 0));
    if (retry_ != 0) loop_.Cancel(std::exchange(retry_, 0));
  }

  common::Loop& loop_;
  OperationSet& owner_;
  Done done_;
  common::Loop::TimerId deadline_ = 0;
  common::Loop::TimerId retry_ = 0;
  Backoff backoff_;
};

}  // namespace quire::metadata
