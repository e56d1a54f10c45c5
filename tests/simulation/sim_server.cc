#include "tests/simulation/sim_server.h"

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>
#include <variant>

namespace quire::simulation {
namespace {

using protocol::Code;
using std::chrono::milliseconds;

constexpr milliseconds kAskAgain{1};

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

std::int32_t DeadlineOf(const MessageBody& body) {
  return std::visit(
      []<typename Body>(const Body& request) -> std::int32_t {
        if constexpr (requires { request.deadline_ms; }) {
          return request.deadline_ms;
        } else {
          return 0;
        }
      },
      body);
}

protocol::BookieId BookieOf(const MessageBody& body) {
  return std::visit(
      []<typename Body>(const Body& request) -> protocol::BookieId {
        if constexpr (requires { request.bookie; }) {
          return request.bookie;
        } else {
          return {};
        }
      },
      body);
}

bool IsBusy(const AddReply& reply) {
  return std::ranges::find(reply.codes, Code::kBusy) != reply.codes.end();
}
template <typename Reply>
bool IsBusy(const Reply& reply) {
  return reply.code == Code::kBusy;
}

// As rpc::Server does, it asks the handler what to tell those whom it calls busy.
template <typename Reply>
void SayWhenToComeBack(const rpc::BookieHandler& handler, protocol::BookieId bookie, Reply& reply) {
  if constexpr (requires { reply.retry_after_ms; }) {
    if (IsBusy(reply)) reply.retry_after_ms = handler.RetryAfterMs(bookie);
  }
}

}  // namespace

SimServer::SimServer(SimNetwork& network, const std::string& address, SimLoop& process,
                     rpc::BookieHandler& handler)
    : network_(network),
      process_(process),
      handler_(handler),
      node_(network.Node(address)),
      life_(network.AddServer(node_, *this)) {
  process_.Attach(*this);
}

SimServer::~SimServer() {
  process_.Detach(*this);
  if (!gone_) network_.RemoveServer(node_, false);
}

void SimServer::OnKill() {
  gone_ = true;
  network_.RemoveServer(node_, true);
}

bool SimServer::Expired(const Message& message) const {
  const std::int32_t deadline_ms = DeadlineOf(message.body);
  return deadline_ms > 0 && process_.Now() >= message.waits_since + milliseconds(deadline_ms);
}

void SimServer::OnRequest(std::uint32_t index) {
  Message& message = network_.MessageAt(index);
  if (!handler_.Accepting()) {
    if (message.waits_since == common::TimePoint()) message.waits_since = process_.Now();
    return network_.DeliverAt(process_.Now() + kAskAgain, index);
  }
  if (message.waits_since != common::TimePoint() && Expired(message)) {
    ReplyExpired(message);
  } else {
    Handle(index);
  }
  network_.Discard(index);
}

template <typename Reply>
common::Callback<Reply> SimServer::Replier(const Message& message) {
  return [network = &network_, server = this, bookie = BookieOf(message.body), call = message.call,
          from = node_, to = message.from, life = life_](Reply reply) {
    if (!network->Serves(from, life)) return;
    if constexpr (std::is_same_v<Reply, std::vector<Code>>) {
      AddReply adds{std::move(reply)};
      SayWhenToComeBack(server->handler_, bookie, adds);
      network->Send(from, to, true, call, std::move(adds));
    } else {
      SayWhenToComeBack(server->handler_, bookie, reply);
      network->Send(from, to, true, call, std::move(reply));
    }
  };
}

void SimServer::HandleAdds(std::uint32_t index) {
  const Message& message = network_.MessageAt(index);
  const auto& frame = std::get<AddFrame>(message.body);
  adds_.clear();
  std::size_t begin = 0;
  for (const AddFrame::Item& item : frame.items) {
    adds_.push_back({.entry = std::string_view(frame.bytes).substr(begin, item.end - begin),
                     .key = item.key,
                     .recovery = item.recovery,
                     .deadline_ms = frame.deadline_ms});
    begin = item.end;
  }
  handler_.Add(frame.bookie, adds_, Replier<std::vector<Code>>(message));
}

void SimServer::Handle(std::uint32_t index) {
  const Message& message = network_.MessageAt(index);
  network_.scheduler().Fold(message.body.index());
  std::visit(Overloaded{
                 [&](const AddFrame&) { HandleAdds(index); },
                 [&](const protocol::ReadRequest&) {
                   handler_.Read(network_.Take<protocol::ReadRequest>(index),
                                 Replier<protocol::ReadReply>(message));
                 },
                 [&](const protocol::LacRequest& request) {
                   handler_.Lac(request, Replier<protocol::LacReply>(message));
                 },
                 [&](const protocol::WriteLacRequest&) {
                   handler_.WriteLac(network_.Take<protocol::WriteLacRequest>(index),
                                     Replier<protocol::WriteLacReply>(message));
                 },
                 [&](const protocol::ListEntriesRequest& request) {
                   handler_.ListEntries(request, Replier<protocol::ListEntriesReply>(message));
                 },
                 [&](const protocol::StatusRequest& request) {
                   handler_.Status(request, Replier<protocol::StatusReply>(message));
                 },
                 [](const auto&) {},
             },
             message.body);
}

void SimServer::ReplyExpired(const Message& message) {
  const auto expired = [&]<typename Reply>(Reply reply) {
    reply.code = Code::kExpired;
    Replier<Reply>(message)(std::move(reply));
  };
  std::visit(
      Overloaded{
          [&](const AddFrame& frame) {
            Replier<std::vector<Code>>(message)(
                std::vector<Code>(frame.items.size(), Code::kExpired));
          },
          [&](const protocol::ReadRequest&) { expired(protocol::ReadReply()); },
          [&](const protocol::LacRequest&) { expired(protocol::LacReply()); },
          [&](const protocol::WriteLacRequest&) { expired(protocol::WriteLacReply()); },
          [&](const protocol::ListEntriesRequest&) { expired(protocol::ListEntriesReply()); },
          [&](const protocol::StatusRequest&) { expired(protocol::StatusReply()); },
          [](const auto&) {},
      },
      message.body);
}

}  // namespace quire::simulation
