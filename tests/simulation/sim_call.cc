#include "tests/simulation/sim_call.h"

#include <cstddef>
#include <type_traits>
#include <utility>

#include "common/check.h"

namespace quire::simulation {
namespace {

template <typename T>
struct ReplyOf;
template <typename T>
struct ReplyOf<common::Callback<T>> {
  using Type = T;
};

}  // namespace

void SimCall::EndWith(SimLoop& process, protocol::Code code) {
  for (const rpc::AddTicket& ticket : adds_) {
    if (process.alive()) ticket.sink->OnAdd(ticket, code);
  }
  std::visit(
      [code]<typename Done>(Done& done) {
        if constexpr (!std::is_same_v<Done, std::monostate>) {
          typename ReplyOf<Done>::Type reply;
          reply.code = code;
          done(std::move(reply));
        }
      },
      done_);
}

void SimCall::EndWith(SimLoop& process, MessageBody& reply) {
  if (const auto* codes = std::get_if<AddReply>(&reply)) {
    // A handler that forgets an add would leave a writer hanging.
    QUIRE_CHECK(codes->codes.size() == adds_.size());
    for (std::size_t i = 0; i < adds_.size(); ++i) {
      if (codes->codes[i] == protocol::Code::kBusy) adds_[i].retry_after_ms = codes->retry_after_ms;
      if (process.alive()) adds_[i].sink->OnAdd(adds_[i], codes->codes[i]);
    }
    return;
  }
  std::visit(
      [&reply]<typename Done>(Done& done) {
        if constexpr (!std::is_same_v<Done, std::monostate>) {
          done(std::move(std::get<typename ReplyOf<Done>::Type>(reply)));
        }
      },
      done_);
}

}  // namespace quire::simulation
