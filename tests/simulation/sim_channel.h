#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rpc/bookie_channel.h"
#include "tests/simulation/sim_call.h"
#include "tests/simulation/sim_loop.h"
#include "tests/simulation/sim_network.h"

namespace quire::simulation {

class SimChannel;

// The connections of one client process to the simulated network: what rpc::ConnectionPool is to a
// client. Every call ends exactly once: with the reply that comes first, with kTimeout after the
// time its request gives it, or with kDisconnected. When the process is killed nothing ends any
// more, and what it sent arrives all the same. When only the pool goes, its calls end with
// kDisconnected.
class SimChannelPool final : public rpc::ChannelPool, private Mortal {
 public:
  SimChannelPool(SimNetwork& network, const std::string& client, SimLoop& process);
  ~SimChannelPool() override;
  SimChannelPool(const SimChannelPool&) = delete;
  SimChannelPool& operator=(const SimChannelPool&) = delete;

  std::shared_ptr<rpc::BookieChannel> Get(const std::string& address) override;

  NodeId node() const { return node_; }
  std::size_t waiting() const { return live_; }  // calls without answer

 private:
  friend class SimNetwork;
  friend class SimChannel;

  struct Slot {
    std::uint32_t generation = 0;
    bool live = false;
    NodeId server = 0;
    common::Loop::TimerId timer = 0;
    SimCall call;
  };

  // For the network.
  SimLoop& process() { return process_; }
  std::uint32_t id() const { return id_; }
  bool WaitsFor(NodeId server) const;
  void OnReply(std::uint32_t index);
  void Fail(CallRef ref, protocol::Code code);
  void BreakConnection(NodeId server);
  void OnKill() override;

  // For the channels.
  CallRef Begin(NodeId server, SimCall call, common::Duration timeout);
  void Send(NodeId server, CallRef call, MessageBody request) {
    network_.Send(node_, server, false, call, std::move(request));
  }
  SimCall& CallOf(CallRef ref) { return calls_[ref.slot].call; }
  bool IsLive(CallRef ref) const {
    return calls_[ref.slot].live && calls_[ref.slot].generation == ref.generation;
  }
  // Who waited; the call is over for the pool.
  SimCall End(std::uint32_t slot);

  SimNetwork& network_;
  SimLoop& process_;
  const NodeId node_;
  const std::uint32_t id_;
  std::unordered_map<std::string, std::shared_ptr<SimChannel>> channels_;
  std::vector<Slot> calls_;
  std::vector<std::uint32_t> free_;
  std::size_t live_ = 0;
};

// The way to one address. Adds of one turn for one bookie leave as one message.
class SimChannel final : public rpc::BookieChannel,
                         public std::enable_shared_from_this<SimChannel> {
 public:
  SimChannel(SimChannelPool& pool, NodeId server);

  void Add(protocol::BookieId bookie, const protocol::Add& add, rpc::AddTicket ticket) override;
  void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) override;
  void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) override;
  void WriteLac(protocol::WriteLacRequest request,
                common::Callback<protocol::WriteLacReply> done) override;
  void ListEntries(protocol::ListEntriesRequest request,
                   common::Callback<protocol::ListEntriesReply> done) override;
  void Status(protocol::StatusRequest request,
              common::Callback<protocol::StatusReply> done) override;

  // The pool goes.
  void Close() { pool_ = nullptr; }

 private:
  // A message of adds that still grows, and the call it belongs to.
  struct OpenAdds {
    CallRef call;
    AddFrame frame;
  };

  OpenAdds& OpenFor(protocol::BookieId bookie);
  void Flush();
  template <typename Request, typename Reply>
  void Start(Request request, common::Callback<Reply> done, std::int32_t wait_ms);

  SimChannelPool* pool_;  // null: gone
  SimLoop& process_;
  const NodeId server_;
  std::vector<OpenAdds> open_;  // one for each bookie, few
};

}  // namespace quire::simulation
