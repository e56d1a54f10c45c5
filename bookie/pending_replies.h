#pragma once

#include <cstddef>
#include <deque>
#include <functional>

#include "bookie/journal.h"

namespace quire::bookie {

// Replies that may not leave before a journal record is durable (T-03, T-18), in the order of those
// records. One entry per request, not per add. Loop thread only.
class PendingReplies {
 public:
  // True: the record is durable. False: nobody will ever know, the journal failed.
  using Reply = std::move_only_function<void(bool durable)>;

  // Calls `reply` at once when `lsn` is durable already, else from Durable or Fail. Exactly once,
  // unless the object goes first: then never, as in a crash.
  void Wait(Lsn lsn, Reply reply);

  // Everything up to `lsn` is durable. A reply may call Wait.
  void Durable(Lsn lsn);

  // No later record will become durable; now and from now on.
  void Fail();

  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    Lsn lsn;
    Reply reply;
  };

  std::deque<Waiting> waiting_;  // ascending by lsn
  Lsn durable_ = 0;
  bool failed_ = false;
};

}  // namespace quire::bookie
