#pragma once

#include <variant>
#include <vector>

#include "rpc/bookie_channel.h"
#include "tests/simulation/sim_loop.h"
#include "tests/simulation/sim_message.h"

namespace quire::simulation {

// Who waits for the answer to one request: one caller, or one for each add of a frame.
class SimCall {
 public:
  using Done =
      std::variant<std::monostate, common::Callback<protocol::ReadReply>,
                   common::Callback<protocol::LacReply>, common::Callback<protocol::WriteLacReply>,
                   common::Callback<protocol::ListEntriesReply>,
                   common::Callback<protocol::StatusReply>>;

  SimCall() = default;
  explicit SimCall(Done done) : done_(std::move(done)) {}

  void Add(rpc::AddTicket ticket) { adds_.push_back(std::move(ticket)); }

  // Tells the callers, in a turn of their process. Once.
  void EndWith(SimLoop& process, protocol::Code code);
  // The reply of a server: moved from.
  void EndWith(SimLoop& process, MessageBody& reply);

 private:
  std::vector<rpc::AddTicket> adds_;
  Done done_;
};

}  // namespace quire::simulation
