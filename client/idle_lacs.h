#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "common/loop.h"

namespace quire::client {

// Entries carry the LAC of the time they were made, so the last one of a burst is confirmed in
// nobody's eyes but the writer's until another entry, or an explicit LAC, says so. Here the writers
// of one client wait until they have been idle so long that they should say it. An explicit LAC
// costs a bookie more than an append, so a client with thousands of ledgers sends a bounded number
// of them a second, and the others wait for their turn. Loop thread only.
class IdleLacs {
 public:
  class Source {
   public:
    enum class Turn : std::uint8_t {
      kTold,     // an explicit LAC went out
      kNothing,  // there is nothing to tell any more
      kLater,    // appends went on: they carried the LAC, and left another to be told
    };
    virtual ~Source() = default;
    virtual Turn TellLac() = 0;
  };

  static constexpr std::size_t kTellAtOnce = 20;
  // Of those who wait, in one turn of the loop. Ten thousand busy writers are each looked at four
  // times a second, by when they have had appends and need no explicit LAC. Where all fall silent,
  // kTellAtOnce is the bound.
  static constexpr std::size_t kLookAtOnce = 200;

  IdleLacs(common::Loop& loop, common::Duration idle) : loop_(loop), idle_(idle) {}
  ~IdleLacs();
  IdleLacs(const IdleLacs&) = delete;
  IdleLacs& operator=(const IdleLacs&) = delete;

  // Its turn comes after `idle`, or later when many wait. Only when it is not waiting already.
  void Wait(std::shared_ptr<Source> source);

 private:
  struct Waiting {
    common::TimePoint since;
    std::shared_ptr<Source> source;
  };

  void Tell();
  void Schedule(common::Duration delay);

  common::Loop& loop_;
  const common::Duration idle_;
  std::deque<Waiting> waiting_;  // by time
  common::Loop::TimerId timer_ = 0;
};

}  // namespace quire::client
