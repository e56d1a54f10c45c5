#pragma once

#include "protocol/quorum.h"

namespace quire::client {

// True when every write set keeps at least Qa slots that are not dead, so that entries can still be
// acknowledged without replacing anybody.
inline bool EnoughLiveSlots(const protocol::Replication& replication, protocol::SlotSet dead) {
  for (int first = 0; first < replication.ensemble; ++first) {
    int alive = 0;
    for (int i = 0; i < replication.write_quorum; ++i) {
      const int slot = protocol::WriteSetSlot(replication, protocol::EntryId(first), i);
      if (!dead.Contains(slot)) ++alive;
    }
    if (alive < replication.ack_quorum) return false;
  }
  return true;
}

}  // namespace quire::client
