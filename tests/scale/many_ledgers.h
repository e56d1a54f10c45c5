#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "protocol/messages.h"
#include "protocol/uuid.h"
#include "rpc/asio_loop.h"
#include "rpc/bookie_channel.h"

namespace quire::scale {

// What a bookie is filled with: the entries 0 of all ledgers, then the entries 1, and so on, which
// gives an index as large as it can be, since no two entries of a ledger lie side by side unless a
// flush took both.
struct Filling {
  std::int64_t ledgers = 0;
  std::int64_t entries = 0;  // of each
  std::size_t payload = 100;

  std::int64_t total() const { return ledgers * entries; }
};

protocol::LedgerKey KeyOf(std::int64_t ledger);
// The bytes follow from the ids, so that a reader can tell.
std::string EntryOf(std::int64_t ledger, std::int64_t entry, std::size_t payload);

// Adds all of it through one connection, a window at a time. Busy answers are tried again; any
// other refusal ends the process: what is measured later would not be what was asked for. Not on
// the loop's thread.
void Fill(rpc::AsioLoop& loop, const std::shared_ptr<rpc::BookieChannel>& channel,
          protocol::BookieId bookie, const Filling& filling);

}  // namespace quire::scale
