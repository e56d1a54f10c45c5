#include "tests/simulation/inventory.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "protocol/entry.h"
#include "protocol/limits.h"
#include "tests/simulation/sim_channel.h"

namespace quire::simulation {
namespace {

using protocol::Code;
using protocol::EntryId;

// A bookie may be paused still.
constexpr common::Duration kPatience = std::chrono::seconds(60);
constexpr std::int64_t kBatch = 64;
static_assert(kBatch <= static_cast<std::int64_t>(protocol::kMaxEntriesPerCall));

std::string Number(EntryId entry) {
  return std::to_string(entry.value());
}

}  // namespace

protocol::ReadReply Inventory::Read(const BookieNode& bookie, protocol::LedgerId ledger,
                                    std::vector<EntryId> entries) {
  SimScheduler& scheduler = environment_.scheduler;
  SimLoop process(scheduler, "checker");
  SimChannelPool pool(environment_.network, "checker", process);
  protocol::ReadRequest request;
  request.bookie = bookie.id();
  request.ledger = ledger;
  request.entries = std::move(entries);
  std::optional<protocol::ReadReply> reply;
  const common::TimePoint limit = scheduler.Now() + kPatience;
  do {
    reply.reset();
    pool.Get(bookie.address())->Read(request, [&](protocol::ReadReply answer) {
      reply = std::move(answer);
    });
    scheduler.RunUntil([&] { return reply.has_value(); }, limit);
  } while (reply && reply->code == Code::kTimeout && scheduler.Now() < limit);
  return reply.value_or(protocol::ReadReply{});
}

std::set<EntryId> Inventory::Fetch(const BookieNode& bookie, const Oracle& oracle) {
  const protocol::LedgerId ledger = oracle.newest()->id;
  const auto count = static_cast<std::int64_t>(oracle.appended());
  std::set<EntryId> held;
  for (EntryId next(0); next.value() < count;) {
    std::vector<EntryId> ask;
    const std::int64_t end = std::min(next.value() + kBatch, count);
    for (EntryId entry = next; entry.value() < end; ++entry) ask.push_back(entry);
    const protocol::ReadReply reply = Read(bookie, ledger, ask);
    if (reply.code != Code::kOk || reply.answers.empty()) {
      environment_.trace.Line(bookie.address(), " says ", protocol::CodeName(reply.code));
      return held;
    }
    for (std::size_t i = 0; i < reply.answers.size(); ++i) {
      const protocol::EntryAnswer& answer = reply.answers[i];
      const bool right = answer.code == Code::kOk &&
                         protocol::VerifyEntry(answer.bytes, ledger, ask[i]).has_value() &&
                         protocol::EntryPayload(answer.bytes) == oracle.payload(ask[i]);
      if (right) held.insert(ask[i]);
    }
    next = next + static_cast<std::int64_t>(reply.answers.size());
  }
  return held;
}

void Inventory::CheckClosed(const Oracle& oracle, const protocol::Replication& replication) {
  const metadata::LedgerMetadata& ledger = *oracle.closed();
  std::map<protocol::BookieId, std::set<EntryId>> held;
  std::map<protocol::BookieId, std::set<EntryId>> excused;
  for (const auto& bookie : cast_.bookies) {
    if (!bookie->up()) continue;
    // While it is asked, late adds may still be acknowledged, and end an excuse.
    const BookieWitness& witness = bookie->witness();
    const auto promised = witness.acknowledged(ledger.id);
    auto& lost = excused[bookie->id()];
    for (const auto& [entry, hash] : promised) {
      if (witness.IsExcused(ledger.id, entry)) lost.insert(entry);
    }
    const auto& has = held[bookie->id()] = Fetch(*bookie, oracle);
    for (const auto& [entry, hash] : promised) {
      if (has.contains(entry) || lost.contains(entry)) continue;
      return environment_.chronicle.Violate("I10 " + bookie->address() + " does not give entry " +
                                            Number(entry) + " back, which it acknowledged");
    }
  }
  for (EntryId entry(0); entry <= ledger.last_entry; ++entry) {
    int copies = 0;
    int lost = 0;
    for (int i = 0; i < replication.write_quorum; ++i) {
      const int slot = protocol::WriteSetSlot(replication, entry, i);
      const auto bookie = ledger.EnsembleOf(entry)[static_cast<std::size_t>(slot)];
      if (held.contains(bookie) && held[bookie].contains(entry)) {
        ++copies;
      } else if (!held.contains(bookie) || excused[bookie].contains(entry)) {
        ++lost;
      }
    }
    if (copies >= 1 && copies + lost >= replication.ack_quorum) continue;
    return environment_.chronicle.Violate("I2 entry " + Number(entry) + " has " +
                                          std::to_string(copies) +
                                          " copies where the metadata says");
  }
}

bool Inventory::IsCollected(protocol::LedgerId ledger) {
  return std::ranges::all_of(cast_.bookies, [&](const auto& bookie) {
    if (!bookie->up()) return true;
    const protocol::ReadReply reply = Read(*bookie, ledger, {EntryId(0)});
    const bool unknown = reply.code == Code::kOk && reply.answers.size() == 1 &&
                         reply.answers[0].code == Code::kUnknown;
    return reply.code == Code::kNoLedger || (bookie->limbo() && unknown);
  });
}

}  // namespace quire::simulation
