#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>

#include "client/ensemble_change.h"
#include "client/idle_lacs.h"
#include "client/placement.h"
#include "client/write_protocol.h"
#include "common/loop.h"
#include "common/random.h"
#include "metadata/ledger_store.h"
#include "metadata/registry.h"
#include "rpc/bookie_channel.h"

namespace quire::client {

// Times with a reason; the defaults fit a data centre and the tests alike.
struct Timing {
  common::Duration read = std::chrono::seconds(5);          // one read of one bookie
  common::Duration hedge = std::chrono::milliseconds(300);  // then another replica is asked as well
  common::Duration metadata = std::chrono::seconds(30);     // how long a change outlives an outage
  common::Duration busy_pause = std::chrono::milliseconds(20);  // at least, from a busy bookie
  common::Duration retry_change = std::chrono::seconds(1);  // a slot without a spare is tried again
  // A writer that falls silent tells its LAC after so long, so that readers get the last entry;
  // later, seconds at most, when ten thousand of a client do at the same time (IdleLacs).
  common::Duration idle_lac = std::chrono::milliseconds(5);
};

// What the handles of one client share. All of it belongs to one loop and outlives the handles.
struct Services {
  common::Loop& loop;
  metadata::LedgerStore& ledgers;
  metadata::BookieDirectory& directory;
  rpc::ChannelPool& channels;
  Placement& placement;
  common::Random& random;
  Timing timing;
  IdleLacs idle_lacs{loop, timing.idle_lac};
  // Memory for a writer's next event. One for all writers of the client: it stays in the
  // processor's cache, where one for each of ten thousand would not.
  WriteEffects spare_effects = {};

  std::shared_ptr<rpc::BookieChannel> ChannelTo(protocol::BookieId bookie) {
    return channels.Get(directory.AddressOf(bookie));
  }
  // What a request to a bookie says of timing.read.
  std::int32_t read_deadline_ms() const {
    return static_cast<std::int32_t>(timing.read / std::chrono::milliseconds(1));
  }
  // How long to stay away from a busy bookie: as long as it said, and a little more, so that those
  // who were refused together do not come back together.
  common::Duration BusyPause(std::int32_t retry_after_ms) {
    const common::Duration pause =
        std::max<common::Duration>(timing.busy_pause, std::chrono::milliseconds(retry_after_ms));
    const auto quarter = static_cast<std::uint64_t>((pause / 4).count());
    return pause + common::Duration(common::Below(random, quarter + 1));
  }
  PickBookie Picker() {
    return
        [this](const std::set<protocol::BookieId>& exclude) { return placement.Replace(exclude); };
  }
};

}  // namespace quire::client
