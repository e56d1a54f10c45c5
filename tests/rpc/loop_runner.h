#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>

#include "rpc/asio_loop.h"

namespace quire::rpc::testing {

// Drives the loop on the calling thread until `reached()`; false when that took too long. With
// client and server on one loop a test needs neither threads nor sleeps.
template <typename Condition>
bool RunUntil(AsioLoop& loop, Condition reached) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!reached()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    loop.context().run_one_for(std::chrono::milliseconds(50));
  }
  return true;
}

// Everything that is ready now, and what it makes ready, has run.
inline void RunReady(AsioLoop& loop) {
  while (loop.context().poll() > 0) {
  }
}

}  // namespace quire::rpc::testing
