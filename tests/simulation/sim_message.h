#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/loop.h"
#include "protocol/messages.h"

namespace quire::simulation {

using NodeId = std::uint32_t;

// Names one call of one client for as long as it waits.
struct CallRef {
  std::uint32_t client = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

// The adds of one frame.
struct AddFrame {
  struct Item {
    std::size_t end;  // of the entry in `bytes`
    protocol::LedgerKey key;
    bool recovery;
  };
  protocol::BookieId bookie;
  std::int32_t deadline_ms = 0;
  std::string bytes;  // the entries, one behind the other
  std::vector<Item> items;
};
struct AddReply {
  std::vector<protocol::Code> codes;
  std::int32_t retry_after_ms = 0;
};

using MessageBody =
    std::variant<std::monostate, AddFrame, protocol::ReadRequest, protocol::LacRequest,
                 protocol::WriteLacRequest, protocol::ListEntriesRequest, protocol::StatusRequest,
                 AddReply, protocol::ReadReply, protocol::LacReply, protocol::WriteLacReply,
                 protocol::ListEntriesReply, protocol::StatusReply>;

// A request or a reply on its way.
struct Message {
  NodeId from = 0;
  NodeId to = 0;
  bool reply = false;
  int copies = 0;  // still to be delivered; 0: the slot is free
  CallRef call;
  // When it first reached a server that did not read yet; the epoch: not yet.
  common::TimePoint waits_since;
  MessageBody body;
};

}  // namespace quire::simulation
