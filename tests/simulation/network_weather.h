#pragma once

#include <cstdint>

#include "tests/simulation/sim_network.h"

namespace quire::simulation {

// Makes the links of a network fail by themselves, at the rates of its profile: single links clog,
// are cut or reset for a while; a swizzle clogs some links of a node one by one and frees them in
// another order. Goes on until it is stopped or destroyed; what it began still ends by itself.
class NetworkWeather {
 public:
  explicit NetworkWeather(SimNetwork& network);
  ~NetworkWeather() { Stop(); }
  NetworkWeather(const NetworkWeather&) = delete;
  NetworkWeather& operator=(const NetworkWeather&) = delete;

  // Nodes that are made later take part too.
  void Start();
  void Stop();

 private:
  enum Kind : std::uint32_t { kClog, kCut, kReset, kSwizzle, kKinds };
  struct Pair {
    NodeId from;
    NodeId to;
  };

  common::Duration EveryOf(Kind kind) const;
  void Schedule(Kind kind);
  void Strike(Kind kind);
  void Swizzle(NodeId node);
  Pair AnyLink();
  common::Duration AnyLength();

  SimNetwork& network_;
  SimScheduler& scheduler_;
  SimScheduler::EventId next_[kKinds] = {};
};

}  // namespace quire::simulation
