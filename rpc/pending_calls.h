#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/loop.h"
#include "rpc/bookie_channel.h"

namespace quire::rpc {

// One frame that was handed to a connection and not answered yet: either a batch of adds or another
// call.
struct PendingCall {
  common::TimePoint issued;
  common::TimePoint deadline;
  std::size_t bytes = 0;        // of the frame
  std::vector<AddTicket> adds;  // not empty: a batch of adds
  // Else: the end of the call, with the body of the reply if the code is kOk. False: it is
  // malformed (the caller was told kDisconnected).
  std::move_only_function<bool(protocol::Code, std::string_view)> done;
};

// The calls of one connection by sequence id, and their deadlines. Batches of adds, the many, all
// have the same time limit and wait in a queue; the others in an ordered set. Loop thread only.
class PendingCalls {
 public:
  void Insert(std::int32_t seqid, PendingCall call);
  std::optional<PendingCall> Take(std::int32_t seqid);

  // When the next call times out.
  std::optional<common::TimePoint> NextDeadline();
  // A call that has timed out at `now`.
  std::optional<PendingCall> TakeExpired(common::TimePoint now);

  std::vector<PendingCall> TakeAll();

  std::size_t size() const { return calls_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  using Deadline = std::pair<common::TimePoint, std::int32_t>;

  void DropAnsweredAdds();
  PendingCall Remove(std::unordered_map<std::int32_t, PendingCall>::iterator call);

  std::unordered_map<std::int32_t, PendingCall> calls_;
  std::size_t bytes_ = 0;               // of calls_
  std::deque<Deadline> add_deadlines_;  // not falling; the first one is of a call that is pending
  std::set<Deadline> other_deadlines_;
};

}  // namespace quire::rpc
