#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/loop.h"
#include "protocol/messages.h"

namespace quire::rpc {

// What a bookie daemon does with requests: implemented by bookie/, driven by rpc::Server on its
// loop and by the simulated network. Each call answers exactly once, in this turn or a later one,
// on the loop; a reply after the connection is gone is dropped. Deadlines that had passed were
// already answered.
class BookieHandler {
 public:
  virtual ~BookieHandler() = default;

  // The entries are views into the received frame: valid only until Add returns.
  virtual void Add(protocol::BookieId bookie, std::span<const protocol::Add> adds,
                   common::Callback<std::vector<protocol::Code>> done) = 0;
  virtual void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) = 0;
  virtual void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) = 0;
  virtual void WriteLac(protocol::WriteLacRequest request,
                        common::Callback<protocol::WriteLacReply> done) = 0;
  virtual void ListEntries(protocol::ListEntriesRequest request,
                           common::Callback<protocol::ListEntriesReply> done) = 0;
  virtual void Status(protocol::StatusRequest request,
                      common::Callback<protocol::StatusReply> done) = 0;

  // False while the bookie cannot take more bytes of adds: the server then stops reading from its
  // connections and asks again later (back-pressure reaches the sender's socket).
  virtual bool Accepting() const = 0;

  // When somebody who is answered BUSY now may come back, in milliseconds; 0: no idea. The server
  // puts it into the answer.
  virtual std::int32_t RetryAfterMs(protocol::BookieId /*bookie*/) const { return 0; }
};

}  // namespace quire::rpc
