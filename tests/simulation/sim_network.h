#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/simulation/fault_profile.h"
#include "tests/simulation/sim_message.h"
#include "tests/simulation/sim_scheduler.h"
#include "tests/simulation/trace.h"

namespace quire::simulation {

class SimChannelPool;
class SimServer;

// Carries requests and replies between the processes of a simulated world, each as a message of its
// own that may be delayed, dropped, doubled, held or overtaken. A message belongs to the network
// once it is sent: it arrives also when its sender has died or given up, and at whoever serves the
// address by then. Outlives the pools and servers on it.
class SimNetwork {
 public:
  SimNetwork(SimScheduler& scheduler, FaultProfile profile, Trace& trace);
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  // The same name is the same node: "c1" of a client, "b1:3181" of a server.
  NodeId Node(const std::string& name);
  const std::string& NameOf(NodeId node) const { return names_[node]; }
  NodeId node_count() const { return static_cast<NodeId>(names_.size()); }

  // One direction of a link. Clogged: what arrives is held until Unclog. Cut: it is lost until
  // Mend.
  void Clog(NodeId from, NodeId to);
  void Unclog(NodeId from, NodeId to);
  void Cut(NodeId from, NodeId to);
  void Mend(NodeId from, NodeId to);
  // The connection breaks: what the client waits for from this server ends with kDisconnected a
  // little later. Messages under way arrive all the same.
  void Reset(NodeId client, NodeId server);

  // Ends all faults of links and messages for ever; what was held, also what was to be late,
  // arrives soon. Whoever clogs, cuts or resets afterwards is not hindered.
  void Heal();
  bool healed() const { return healed_; }

  std::uint64_t sent() const { return sent_; }  // messages
  const FaultProfile& profile() const { return profile_; }
  SimScheduler& scheduler() { return scheduler_; }
  Trace& trace() { return trace_; }

 private:
  friend class SimChannelPool;
  friend class SimServer;

  struct Link {
    bool clogged = false;
    bool cut = false;
    common::TimePoint last_arrival;  // of what was sent in order
  };
  // A message that waits for its link, or for its time when it is late.
  struct Held {
    std::uint64_t id;
    std::uint32_t message;
    bool late;
  };

  Link& LinkOf(NodeId from, NodeId to) { return links_[from * stride_ + to]; }

  // For pools and servers.
  std::uint32_t AddClient(SimChannelPool& pool);
  void RemoveClient(std::uint32_t client) { clients_[client] = nullptr; }
  std::uint32_t AddServer(NodeId node, SimServer& server);
  // killed: some clients do not hear of it.
  void RemoveServer(NodeId node, bool killed);
  bool Serves(NodeId node, std::uint32_t life) const { return lives_[node] == life; }
  void Send(NodeId from, NodeId to, bool reply, CallRef call, MessageBody body);
  // The body of a delivered message: moved when this was its last copy.
  template <typename Body>
  Body Take(std::uint32_t index);
  Message& MessageAt(std::uint32_t index) { return messages_[index]; }
  void DeliverAt(common::TimePoint when, std::uint32_t index);
  void Discard(std::uint32_t index);

  void Deliver(std::uint32_t index);
  void DeliverRequest(std::uint32_t index);
  void DeliverReply(std::uint32_t index);
  void Refuse(CallRef call);
  void HoldBack(std::uint32_t index, bool late);
  void ReleaseLate(std::uint64_t id);
  // Gives back, in any order, what is held and meets the condition.
  template <typename Condition>
  void Release(Condition condition);
  bool LosesFenceLac(const MessageBody& body);
  void BreakLater(SimChannelPool& client, NodeId server);

  SimScheduler& scheduler_;
  FaultProfile profile_;
  Trace& trace_;

  std::vector<std::string> names_;
  std::unordered_map<std::string, NodeId> nodes_;
  NodeId stride_ = 0;
  std::vector<Link> links_;           // from * stride_ + to
  std::vector<SimServer*> servers_;   // by node; null: nobody serves there
  std::vector<std::uint32_t> lives_;  // by node; of the server, 0: none
  std::uint32_t last_life_ = 0;
  std::vector<SimChannelPool*> clients_;  // null: gone

  std::deque<Message> messages_;  // addresses stay
  std::vector<std::uint32_t> free_;
  std::vector<Held> held_;
  std::uint64_t last_held_ = 0;
  std::uint64_t sent_ = 0;
  bool healed_ = false;
};

template <typename Body>
Body SimNetwork::Take(std::uint32_t index) {
  Message& message = messages_[index];
  auto& body = std::get<Body>(message.body);
  return message.copies > 1 ? body : std::move(body);
}

}  // namespace quire::simulation
