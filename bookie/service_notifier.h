#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bookie/metrics_snapshot.h"

namespace quire::bookie {

// Tells systemd how far the daemon is, if systemd started it with Type=notify (NOTIFY_SOCKET is
// set); else does nothing. A message that cannot be sent is dropped: the bookie serves as well
// without. One thread.
class ServiceNotifier {
 public:
  // READY when it serves, STOPPING when it ends, and always a line for `systemctl status`.
  void PhaseChanged(DaemonPhase phase);
  // Asks for more time to start, as long as the replay goes on: one that hangs is not waited for.
  // May be called often.
  void Replaying(const std::string& directory, std::uint64_t records);

 private:
  std::chrono::steady_clock::time_point told_;  // of a replay
};

}  // namespace quire::bookie
