#include "tests/simulation/sim_channel.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "protocol/limits.h"

namespace quire::simulation {
namespace {

using protocol::Code;
using std::chrono::milliseconds;

constexpr std::int32_t kTimeoutMs = 5000;  // of adds, and of requests that name none

// For calls that nobody answers: their end is made here, in a later turn.
void EndLater(SimLoop& process, SimCall call) {
  process.Post(
      [&process, call = std::move(call)]() mutable { call.EndWith(process, Code::kDisconnected); });
}

}  // namespace

SimChannelPool::SimChannelPool(SimNetwork& network, const std::string& client, SimLoop& process)
    : network_(network),
      process_(process),
      node_(network.Node(client)),
      id_(network.AddClient(*this)) {
  process_.Attach(*this);
}

SimChannelPool::~SimChannelPool() {
  process_.Detach(*this);
  network_.RemoveClient(id_);
  for (auto& [address, channel] : channels_) channel->Close();
  for (std::uint32_t slot = 0; slot < calls_.size(); ++slot) {
    if (calls_[slot].live) EndLater(process_, End(slot));
  }
}

std::shared_ptr<rpc::BookieChannel> SimChannelPool::Get(const std::string& address) {
  auto& channel = channels_[address];
  if (!channel) channel = std::make_shared<SimChannel>(*this, network_.Node(address));
  return channel;
}

void SimChannelPool::OnKill() {
  network_.RemoveClient(id_);
  for (auto& [address, channel] : channels_) channel->Close();
  const std::vector<Slot> dropped = std::exchange(calls_, {});
  free_.clear();
  live_ = 0;
}

CallRef SimChannelPool::Begin(NodeId server, SimCall call, common::Duration timeout) {
  std::uint32_t index;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(calls_.size());
    calls_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = calls_[index];
  slot.live = true;
  slot.server = server;
  slot.call = std::move(call);
  ++live_;
  slot.timer = process_.After(timeout, [this, index, generation = slot.generation] {
    Fail({.client = id_, .slot = index, .generation = generation}, Code::kTimeout);
  });
  return {.client = id_, .slot = index, .generation = slot.generation};
}

SimCall SimChannelPool::End(std::uint32_t index) {
  Slot& slot = calls_[index];
  slot.live = false;
  ++slot.generation;
  process_.Cancel(slot.timer);
  free_.push_back(index);
  --live_;
  return std::exchange(slot.call, {});
}

bool SimChannelPool::WaitsFor(NodeId server) const {
  return std::ranges::any_of(
      calls_, [server](const Slot& slot) { return slot.live && slot.server == server; });
}

void SimChannelPool::OnReply(std::uint32_t index) {
  Message& message = network_.MessageAt(index);
  MessageBody body = std::move(message.body);
  const CallRef ref = message.call;
  network_.Discard(index);
  if (!IsLive(ref)) return;  // it has timed out, or this is the second reply to a doubled request
  network_.scheduler().Fold(body.index());
  SimCall call = End(ref.slot);
  call.EndWith(process_, body);
}

void SimChannelPool::Fail(CallRef ref, Code code) {
  if (!IsLive(ref)) return;
  network_.trace().Line("call ", ref.slot, ".", ref.generation, " of ", network_.NameOf(node_),
                        " to ", network_.NameOf(calls_[ref.slot].server), " ends with ",
                        protocol::CodeName(code));
  SimCall call = End(ref.slot);
  call.EndWith(process_, code);
}

void SimChannelPool::BreakConnection(NodeId server) {
  std::vector<SimCall> broken;
  for (std::uint32_t slot = 0; slot < calls_.size(); ++slot) {
    if (calls_[slot].live && calls_[slot].server == server) broken.push_back(End(slot));
  }
  SimLoop& process = process_;  // a callback may drop the pool
  for (SimCall& call : broken) {
    if (process.alive()) call.EndWith(process, Code::kDisconnected);
  }
}

SimChannel::SimChannel(SimChannelPool& pool, NodeId server)
    : pool_(&pool), process_(pool.process()), server_(server) {}

SimChannel::OpenAdds& SimChannel::OpenFor(protocol::BookieId bookie) {
  for (OpenAdds& open : open_) {
    if (open.frame.bookie == bookie) return open;
  }
  if (open_.empty()) {
    process_.Post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Flush();
    });
  }
  OpenAdds& open = open_.emplace_back();
  open.call = pool_->Begin(server_, SimCall(), milliseconds(kTimeoutMs));
  open.frame.bookie = bookie;
  open.frame.deadline_ms = kTimeoutMs;
  return open;
}

void SimChannel::Add(protocol::BookieId bookie, const protocol::Add& add, rpc::AddTicket ticket) {
  if (pool_ == nullptr) {
    SimCall call;
    call.Add(std::move(ticket));
    return EndLater(process_, std::move(call));
  }
  OpenAdds& open = OpenFor(bookie);
  // A connection that broke meanwhile has ended the frame; what comes then is a frame of its own.
  if (!pool_->IsLive(open.call)) {
    open.call = pool_->Begin(server_, SimCall(), milliseconds(kTimeoutMs));
    open.frame.bytes.clear();
    open.frame.items.clear();
  }
  open.frame.bytes.append(add.entry);
  open.frame.items.push_back(
      {.end = open.frame.bytes.size(), .key = add.key, .recovery = add.recovery});
  pool_->CallOf(open.call).Add(std::move(ticket));
  if (open.frame.items.size() == protocol::kMaxEntriesPerCall) Flush();
}

void SimChannel::Flush() {
  if (pool_ == nullptr) return open_.clear();
  for (OpenAdds& open : open_) {
    pool_->Send(server_, open.call, std::move(open.frame));
  }
  open_.clear();
}

template <typename Request, typename Reply>
void SimChannel::Start(Request request, common::Callback<Reply> done, std::int32_t wait_ms) {
  SimCall call{SimCall::Done(std::move(done))};
  if (pool_ == nullptr) return EndLater(process_, std::move(call));
  if (request.deadline_ms <= 0) request.deadline_ms = kTimeoutMs;
  const milliseconds timeout(std::int64_t{request.deadline_ms} + std::max(wait_ms, 0));
  const CallRef ref = pool_->Begin(server_, std::move(call), timeout);
  pool_->Send(server_, ref, std::move(request));
}

void SimChannel::Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) {
  Start(std::move(request), std::move(done), 0);
}
void SimChannel::Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) {
  const std::int32_t wait_ms = request.wait_ms;
  Start(std::move(request), std::move(done), wait_ms);
}
void SimChannel::WriteLac(protocol::WriteLacRequest request,
                          common::Callback<protocol::WriteLacReply> done) {
  Start(std::move(request), std::move(done), 0);
}
void SimChannel::ListEntries(protocol::ListEntriesRequest request,
                             common::Callback<protocol::ListEntriesReply> done) {
  Start(std::move(request), std::move(done), 0);
}
void SimChannel::Status(protocol::StatusRequest request,
                        common::Callback<protocol::StatusReply> done) {
  Start(std::move(request), std::move(done), 0);
}

}  // namespace quire::simulation
