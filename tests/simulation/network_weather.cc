#include "tests/simulation/network_weather.h"

#include <tuple>
#include <utility>

namespace quire::simulation {

NetworkWeather::NetworkWeather(SimNetwork& network)
    : network_(network), scheduler_(network.scheduler()) {}

void NetworkWeather::Start() {
  for (const Kind kind : {kClog, kCut, kReset, kSwizzle}) Schedule(kind);
}

void NetworkWeather::Stop() {
  for (SimScheduler::EventId& next : next_) scheduler_.Cancel(std::exchange(next, 0));
}

common::Duration NetworkWeather::EveryOf(Kind kind) const {
  switch (kind) {
    case kClog: return network_.profile().clog_every;
    case kCut: return network_.profile().cut_every;
    case kReset: return network_.profile().reset_every;
    default: return network_.profile().swizzle_every;
  }
}

void NetworkWeather::Schedule(Kind kind) {
  const common::Duration every = EveryOf(kind);
  if (every == common::Duration(0)) return;
  const common::Duration delay = HeavyTail(scheduler_.random(), every);
  next_[kind] = scheduler_.After(delay, nullptr, [this, kind] { Strike(kind); });
}

void NetworkWeather::Strike(Kind kind) {
  Schedule(kind);
  if (network_.node_count() < 2) return;
  const auto [from, to] = AnyLink();
  SimNetwork* const network = &network_;  // the end of a fault may come after this object
  switch (kind) {
    case kClog:
      network_.Clog(from, to);
      scheduler_.After(AnyLength(), nullptr, [network, from, to] { network->Unclog(from, to); });
      break;
    case kCut:
      network_.Cut(from, to);
      scheduler_.After(AnyLength(), nullptr, [network, from, to] { network->Mend(from, to); });
      break;
    case kReset: network_.Reset(from, to); break;
    default: Swizzle(from); break;
  }
}

void NetworkWeather::Swizzle(NodeId node) {
  SimNetwork* const network = &network_;
  common::Random& random = scheduler_.random();
  for (NodeId other = 0; other < network_.node_count(); ++other) {
    if (other == node) continue;
    const std::uint64_t draw = random();
    for (const auto& [from, to, hit] :
         {std::tuple(node, other, draw & 1), {other, node, draw & 2}}) {
      if (hit == 0) continue;
      const common::Duration begin = AnyLength() / 4;
      scheduler_.After(begin, nullptr, [network, from, to] {
        if (!network->healed()) network->Clog(from, to);
      });
      scheduler_.After(begin + AnyLength(), nullptr,
                       [network, from, to] { network->Unclog(from, to); });
    }
  }
}

NetworkWeather::Pair NetworkWeather::AnyLink() {
  const NodeId nodes = network_.node_count();
  const auto from = static_cast<NodeId>(common::Below(scheduler_.random(), nodes));
  const auto step = static_cast<NodeId>(common::Below(scheduler_.random(), nodes - 1));
  return {from, (from + 1 + step) % nodes};
}

// From much shorter than the timeouts to much longer.
common::Duration NetworkWeather::AnyLength() {
  return HeavyTail(scheduler_.random(), std::chrono::milliseconds(20));
}

}  // namespace quire::simulation
