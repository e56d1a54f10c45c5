#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rpc/bookie_handler.h"
#include "tests/simulation/sim_loop.h"
#include "tests/simulation/sim_network.h"

namespace quire::simulation {

// Serves a handler at an address of the simulated network for as long as it lives: what rpc::Server
// is to a daemon. While the handler does not accept, requests wait; those whose deadline passes
// meanwhile are answered kExpired. When its process is killed it is gone at once, and connections
// break.
class SimServer final : private Mortal {
 public:
  SimServer(SimNetwork& network, const std::string& address, SimLoop& process,
            rpc::BookieHandler& handler);
  ~SimServer();
  SimServer(const SimServer&) = delete;
  SimServer& operator=(const SimServer&) = delete;

  NodeId node() const { return node_; }

 private:
  friend class SimNetwork;

  SimLoop& process() { return process_; }
  void OnRequest(std::uint32_t index);
  void OnKill() override;

  bool Expired(const Message& message) const;
  void Handle(std::uint32_t index);
  void HandleAdds(std::uint32_t index);
  template <typename Reply>
  common::Callback<Reply> Replier(const Message& message);
  void ReplyExpired(const Message& message);

  SimNetwork& network_;
  SimLoop& process_;
  rpc::BookieHandler& handler_;
  const NodeId node_;
  const std::uint32_t life_;
  bool gone_ = false;
  std::vector<protocol::Add> adds_;  // of the frame being handled; its memory is used again
};

}  // namespace quire::simulation
