#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "common/loop.h"
#include "protocol/ids.h"

namespace quire::bookie {

// LAC requests held back until there is something to tell. Bounded in number. Loop thread only.
class LongPolls {
 public:
  LongPolls(common::Loop& loop, std::size_t most) : loop_(loop), most_(most) {}
  ~LongPolls();
  LongPolls(const LongPolls&) = delete;
  LongPolls& operator=(const LongPolls&) = delete;

  bool full() const { return count_ >= most_; }
  bool empty() const { return count_ == 0; }

  // Runs `wake` once, in a later turn: when the ledger's LAC is above `known`, when the ledger is
  // shut or after `wait`. Not full(). Dropped without running when the object goes.
  void Hold(protocol::LedgerId ledger, protocol::EntryId known, common::Duration wait,
            common::Task wake);

  void Advanced(protocol::LedgerId ledger, protocol::EntryId lac);
  // The ledger was fenced or deleted: nobody waits any longer (T-39).
  void Shut(protocol::LedgerId ledger);
  void WakeAll();

 private:
  struct Waiter {
    std::uint64_t id;
    protocol::EntryId known;
    common::Loop::TimerId timer;
    common::Task wake;
  };
  using Waiters = std::vector<Waiter>;

  void TimedOut(protocol::LedgerId ledger, std::uint64_t id);
  void Release(Waiter& waiter);

  common::Loop& loop_;
  const std::size_t most_;
  // Loop thread.
  std::unordered_map<protocol::LedgerId, Waiters> waiters_;
  std::size_t count_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace quire::bookie
