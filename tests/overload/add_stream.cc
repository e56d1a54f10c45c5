#include "tests/overload/add_stream.h"

#include "protocol/entry.h"

namespace quire::overload {

using protocol::Code;
using protocol::EntryId;

namespace {

std::size_t PayloadBytes(std::int64_t id, bool mixed) {
  const std::int64_t draw = mixed ? id * 37 % 100 : 0;
  if (draw >= 97) return 1'000'000;
  if (draw >= 85) return 64'000;
  return 1000;
}

}  // namespace

std::string EntryOf(protocol::LedgerId ledger, std::int64_t id, bool mixed) {
  const std::string payload(PayloadBytes(id, mixed), static_cast<char>('a' + id % 26));
  std::string bytes;
  protocol::EncodeEntry({.ledger = ledger,
                         .entry = EntryId(id),
                         .lac = EntryId(-1),
                         .length = static_cast<std::int64_t>(payload.size())},
                        payload, bytes);
  return bytes;
}

AddStream::AddStream(rpc::AsioLoop& loop, common::Random& random, const Target& target,
                     protocol::LedgerId ledger, bool mixed, std::size_t most_outstanding)
    : loop_(loop),
      target_(target),
      ledger_(ledger),
      mixed_(mixed),
      most_outstanding_(most_outstanding),
      pool_(loop, random, {.max_outstanding_bytes = 2 * most_outstanding}) {}

bool AddStream::Offer() {
  const std::size_t bytes = PayloadBytes(next_, mixed_);
  if (sent_bytes_ > 0 && sent_bytes_ + bytes > most_outstanding_) return false;
  const std::int64_t id = next_++;
  sent_[id] = {loop_.Now(), bytes};
  sent_bytes_ += bytes;
  const std::string entry = EntryOf(ledger_, id, mixed_);
  pool_.Get(target_.address)
      ->Add(target_.bookie, {.entry = entry, .key = kKey},
            {.sink = shared_from_this(), .entry = EntryId(id)});
  return true;
}

void AddStream::OnAdd(const rpc::AddTicket& ticket, Code code) {
  const auto sent = sent_.extract(ticket.entry.value());
  sent_bytes_ -= sent.mapped().bytes;
  switch (code) {
    case Code::kOk:
      acknowledged_.push_back(ticket.entry.value());
      acknowledged_bytes_ += sent.mapped().bytes;
      latencies_.Add(loop_.Now() - sent.mapped().at);
      break;
    case Code::kBusy:
      ++busy_;
      last_hint_ms_ = ticket.retry_after_ms;
      break;
    case Code::kExpired: ++expired_; break;
    default: ++other_;
  }
}

}  // namespace quire::overload
