#pragma once

#include <chrono>
#include <string>

#include "client/client.h"
#include "common/random.h"
#include "tests/nemesis/board.h"
#include "tests/nemesis/history.h"
#include "tools/stop_signals.h"

namespace quire::nemesis {

// What every role of a client process works with.
struct Stage {
  client::Client& client;
  History& history;
  const Board& board;
  tools::StopSignals& stop;
  common::Random& random;
  std::string name;  // of this process, unique in the run

  // Sleeps; true when the process shall end.
  bool Sleep(std::chrono::milliseconds time) const { return stop.Wait(time); }
  bool stopping() const { return stop.Wait(std::chrono::milliseconds(0)); }
  std::int64_t Below(std::int64_t bound) const {
    return static_cast<std::int64_t>(common::Below(random, static_cast<std::uint64_t>(bound)));
  }
  bool Percent(std::int64_t chance) const { return Below(100) < chance; }
};

}  // namespace quire::nemesis
