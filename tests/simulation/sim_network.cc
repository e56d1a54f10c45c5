#include "tests/simulation/sim_network.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/check.h"
#include "tests/simulation/sim_channel.h"
#include "tests/simulation/sim_server.h"

namespace quire::simulation {
namespace {

using std::chrono::milliseconds;

constexpr NodeId kFirstStride = 16;
// What is late arrives after the longest time a sender waits for an add.
constexpr milliseconds kLeastLate = std::chrono::seconds(5);
constexpr std::uint64_t kLateSpreadMs = 20'000;

}  // namespace

SimNetwork::SimNetwork(SimScheduler& scheduler, FaultProfile profile, Trace& trace)
    : scheduler_(scheduler), profile_(std::move(profile)), trace_(trace) {}

NodeId SimNetwork::Node(const std::string& name) {
  const auto [found, is_new] = nodes_.emplace(name, node_count());
  if (!is_new) return found->second;
  names_.push_back(name);
  servers_.push_back(nullptr);
  lives_.push_back(0);
  if (node_count() > stride_) {
    const NodeId stride = std::max(kFirstStride, stride_ * 2);
    std::vector<Link> links(std::size_t{stride} * stride);
    for (NodeId from = 0; from < stride_; ++from) {
      std::copy_n(links_.begin() + from * stride_, stride_, links.begin() + from * stride);
    }
    links_ = std::move(links);
    stride_ = stride;
  }
  return found->second;
}

std::uint32_t SimNetwork::AddClient(SimChannelPool& pool) {
  clients_.push_back(&pool);
  return static_cast<std::uint32_t>(clients_.size() - 1);
}

std::uint32_t SimNetwork::AddServer(NodeId node, SimServer& server) {
  QUIRE_CHECK(servers_[node] == nullptr);
  servers_[node] = &server;
  lives_[node] = ++last_life_;
  return last_life_;
}

void SimNetwork::RemoveServer(NodeId node, bool killed) {
  trace_.Line(names_[node], killed ? " was killed" : " stopped");
  servers_[node] = nullptr;
  lives_[node] = 0;
  for (SimChannelPool* client : clients_) {
    if (client == nullptr || !client->WaitsFor(node)) continue;
    if (killed && Chance(scheduler_.random(), profile_.silent_death)) continue;
    BreakLater(*client, node);
  }
}

void SimNetwork::Reset(NodeId client, NodeId server) {
  trace_.Line("reset ", names_[client], " -> ", names_[server]);
  for (SimChannelPool* pool : clients_) {
    if (pool != nullptr && pool->node() == client) BreakLater(*pool, server);
  }
}

void SimNetwork::BreakLater(SimChannelPool& client, NodeId server) {
  const std::uint32_t id = client.id();
  scheduler_.After(HeavyTail(scheduler_.random(), profile_.delay), &client.process(),
                   [this, id, server] {
                     if (clients_[id] != nullptr) clients_[id]->BreakConnection(server);
                   });
}

bool SimNetwork::LosesFenceLac(const MessageBody& body) {
  const auto* lac = std::get_if<protocol::LacRequest>(&body);
  return lac != nullptr && lac->fence && Chance(scheduler_.random(), profile_.fence_lac_drop);
}

void SimNetwork::Send(NodeId from, NodeId to, bool reply, CallRef call, MessageBody body) {
  ++sent_;
  common::Random& random = scheduler_.random();
  if (Chance(random, profile_.drop) || LosesFenceLac(body)) {
    trace_.Line("lost: ", reply ? "reply " : "call ", call.slot, ".", call.generation, " ",
                names_[from], " -> ", names_[to]);
    return;
  }
  std::uint32_t index;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(messages_.size());
    messages_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Message& message = messages_[index];
  message.from = from;
  message.to = to;
  message.reply = reply;
  message.copies = 1;
  message.call = call;
  message.waits_since = {};
  message.body = std::move(body);

  if (!reply && Chance(random, profile_.duplicate)) {
    ++message.copies;
    DeliverAt(scheduler_.Now() + HeavyTail(random, profile_.delay * 4), index);
  }
  if (Chance(random, profile_.late)) return HoldBack(index, true);
  common::TimePoint arrival = scheduler_.Now() + HeavyTail(random, profile_.delay);
  if (!profile_.reorder) {
    common::TimePoint& last = LinkOf(from, to).last_arrival;
    arrival = last = std::max(arrival, last + common::Duration(1));
  }
  DeliverAt(arrival, index);
}

void SimNetwork::DeliverAt(common::TimePoint when, std::uint32_t index) {
  scheduler_.At(when, nullptr, [this, index] { Deliver(index); });
}

void SimNetwork::Discard(std::uint32_t index) {
  Message& message = messages_[index];
  if (--message.copies > 0) return;
  message.body = std::monostate();
  free_.push_back(index);
}

void SimNetwork::Deliver(std::uint32_t index) {
  const Message& message = messages_[index];
  const Link& link = LinkOf(message.from, message.to);
  if (link.clogged) return HoldBack(index, false);
  if (link.cut) return Discard(index);
  if (message.reply) {
    DeliverReply(index);
  } else {
    DeliverRequest(index);
  }
}

void SimNetwork::DeliverRequest(std::uint32_t index) {
  const Message& message = messages_[index];
  SimServer* const server = servers_[message.to];
  if (server == nullptr) {
    Refuse(message.call);
    return Discard(index);
  }
  if (server->process().paused()) return DeliverAt(server->process().runs_at(), index);
  server->OnRequest(index);
}

void SimNetwork::DeliverReply(std::uint32_t index) {
  const Message& message = messages_[index];
  SimChannelPool* const client = clients_[message.call.client];
  if (client == nullptr) return Discard(index);
  if (client->process().paused()) return DeliverAt(client->process().runs_at(), index);
  client->OnReply(index);
}

// Nobody listens there: the sender is told, or its call times out.
void SimNetwork::Refuse(CallRef call) {
  SimChannelPool* const client = clients_[call.client];
  if (client == nullptr || Chance(scheduler_.random(), profile_.silent_death)) return;
  scheduler_.After(HeavyTail(scheduler_.random(), profile_.delay), &client->process(),
                   [this, call] {
                     if (clients_[call.client] != nullptr) {
                       clients_[call.client]->Fail(call, protocol::Code::kDisconnected);
                     }
                   });
}

void SimNetwork::HoldBack(std::uint32_t index, bool late) {
  const std::uint64_t id = ++last_held_;
  held_.push_back({.id = id, .message = index, .late = late});
  if (!late) return;
  const auto more = milliseconds(common::Below(scheduler_.random(), kLateSpreadMs));
  scheduler_.After(kLeastLate + more, nullptr, [this, id] { ReleaseLate(id); });
}

void SimNetwork::ReleaseLate(std::uint64_t id) {
  const auto held = std::ranges::find(held_, id, &Held::id);
  if (held == held_.end()) return;
  const std::uint32_t index = held->message;
  held_.erase(held);
  trace_.Line("late message of call ", messages_[index].call.slot, " arrives");
  Deliver(index);
}

template <typename Condition>
void SimNetwork::Release(Condition condition) {
  std::erase_if(held_, [&](const Held& held) {
    if (!condition(held)) return false;
    DeliverAt(scheduler_.Now() + HeavyTail(scheduler_.random(), profile_.delay), held.message);
    return true;
  });
}

void SimNetwork::Clog(NodeId from, NodeId to) {
  trace_.Line("clog ", names_[from], " -> ", names_[to]);
  LinkOf(from, to).clogged = true;
}

void SimNetwork::Unclog(NodeId from, NodeId to) {
  if (!std::exchange(LinkOf(from, to).clogged, false)) return;
  trace_.Line("unclog ", names_[from], " -> ", names_[to]);
  Release([&](const Held& held) {
    const Message& message = messages_[held.message];
    return !held.late && message.from == from && message.to == to;
  });
}

void SimNetwork::Cut(NodeId from, NodeId to) {
  trace_.Line("cut ", names_[from], " -> ", names_[to]);
  LinkOf(from, to).cut = true;
}

void SimNetwork::Mend(NodeId from, NodeId to) {
  if (std::exchange(LinkOf(from, to).cut, false)) {
    trace_.Line("mend ", names_[from], " -> ", names_[to]);
  }
}

void SimNetwork::Heal() {
  trace_.Line("the network heals");
  healed_ = true;
  profile_.drop = profile_.duplicate = profile_.late = 0;
  profile_.fence_lac_drop = profile_.silent_death = 0;
  for (Link& link : links_) link.clogged = link.cut = false;
  Release([](const Held&) { return true; });
}

}  // namespace quire::simulation
