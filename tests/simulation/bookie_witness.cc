#include "tests/simulation/bookie_witness.h"

#include <functional>
#include <utility>

#include "protocol/entry.h"

namespace quire::simulation {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

std::string Name(LedgerId ledger, EntryId entry) {
  return std::to_string(ledger.value()) + "/" + std::to_string(entry.value());
}

}  // namespace

const BookieWitness::Entries& BookieWitness::acknowledged(LedgerId ledger) const {
  static const Entries kNone;
  const auto found = ledgers_.find(ledger);
  return found == ledgers_.end() ? kNone : found->second.acknowledged;
}

void BookieWitness::ExcuseAll() {
  ++damages_;
  for (auto& [id, ledger] : ledgers_) {
    for (const auto& [entry, hash] : ledger.acknowledged) ledger.excused.insert(entry);
  }
}

bool BookieWitness::IsExcused(LedgerId ledger, EntryId entry) const {
  const auto found = ledgers_.find(ledger);
  return found != ledgers_.end() && found->second.excused.contains(entry);
}

BookieWitness::Offer BookieWitness::Note(const protocol::Add& add) const {
  if (add.entry.size() < protocol::kEntryOverheadBytes) return {};
  const protocol::EntryHeader header = protocol::PeekEntryHeader(add.entry);
  const auto ledger = ledgers_.find(header.ledger);
  return {.ledger = header.ledger,
          .entry = header.entry,
          .hash = std::hash<std::string_view>()(add.entry),
          .recovery = add.recovery,
          .fenced = ledger != ledgers_.end() && ledger->second.fenced,
          .damages = damages_};
}

void BookieWitness::Acknowledged(const Offer& offer) {
  Ledger& ledger = ledgers_[offer.ledger];
  const std::string entry = Name(offer.ledger, offer.entry);
  if (!offer.recovery && offer.fenced) {
    chronicle_.Violate("I8 " + name_ + " acknowledged " + entry + ", added after its fence");
  }
  if (!offer.recovery && ledger.denied.contains(offer.entry)) {
    chronicle_.Violate("I9 " + name_ + " acknowledged " + entry +
                       ", which it had denied to a fencing read");
  }
  const auto [known, fresh] = ledger.acknowledged.try_emplace(offer.entry, offer.hash);
  if (!fresh && known->second != offer.hash) {
    chronicle_.Violate("I10 " + name_ + " acknowledged other bytes of " + entry);
  }
  if (offer.damages == damages_) ledger.excused.erase(offer.entry);
}

std::set<EntryId> BookieWitness::PromisedOf(const protocol::ReadRequest& request) const {
  std::set<EntryId> promised;
  const Entries& entries = acknowledged(request.ledger);
  if (entries.empty()) return promised;
  for (const EntryId entry : request.entries) {
    if (entries.contains(entry)) promised.insert(entry);
  }
  return promised;
}

void BookieWitness::Answered(const protocol::ReadRequest& request,
                             const std::set<EntryId>& promised, const protocol::ReadReply& reply) {
  if (!protocol::IsKnown(reply.code)) return;
  if (request.fence) ledgers_[request.ledger].fenced = true;
  for (std::size_t i = 0; i < request.entries.size(); ++i) {
    const EntryId entry = request.entries[i];
    const bool denied = reply.code == Code::kOk
                            ? i < reply.answers.size() && IsNegative(reply.answers[i].code)
                            : IsNegative(reply.code);
    if (!denied) continue;
    if (promised.contains(entry) && !chronicle_.IsDeleted(request.ledger)) {
      chronicle_.Violate("I10 " + name_ + " denied " + Name(request.ledger, entry) +
                         ", which it had acknowledged");
    }
    if (request.fence) ledgers_[request.ledger].denied.insert(entry);
  }
}

void BookieWitness::Answered(const protocol::LacRequest& request, const protocol::LacReply& reply) {
  if (!protocol::IsKnown(reply.code)) return;
  if (request.fence) ledgers_[request.ledger].fenced = true;
  if (reply.code == Code::kOk) chronicle_.SawLac(request.ledger, reply.lac);
}

void WitnessedHandler::Add(protocol::BookieId bookie, std::span<const protocol::Add> adds,
                           common::Callback<std::vector<Code>> done) {
  std::vector<BookieWitness::Offer> offers;
  offers.reserve(adds.size());
  for (const protocol::Add& add : adds) offers.push_back(witness_.Note(add));
  bookie_.Add(bookie, adds,
              [&witness = witness_, offers = std::move(offers),
               done = std::move(done)](std::vector<Code> codes) mutable {
                for (std::size_t i = 0; i < codes.size(); ++i) {
                  if (codes[i] == Code::kOk) witness.Acknowledged(offers[i]);
                }
                done(std::move(codes));
              });
}

void WitnessedHandler::Read(protocol::ReadRequest request,
                            common::Callback<protocol::ReadReply> done) {
  bookie_.Read(request, [&witness = witness_, request, promised = witness_.PromisedOf(request),
                         done = std::move(done)](protocol::ReadReply reply) mutable {
    witness.Answered(request, promised, reply);
    done(std::move(reply));
  });
}

void WitnessedHandler::Lac(protocol::LacRequest request,
                           common::Callback<protocol::LacReply> done) {
  bookie_.Lac(request, [&witness = witness_, request,
                        done = std::move(done)](protocol::LacReply reply) mutable {
    witness.Answered(request, reply);
    done(reply);
  });
}

void WitnessedHandler::WriteLac(protocol::WriteLacRequest request,
                                common::Callback<protocol::WriteLacReply> done) {
  bookie_.WriteLac(std::move(request), std::move(done));
}

void WitnessedHandler::ListEntries(protocol::ListEntriesRequest request,
                                   common::Callback<protocol::ListEntriesReply> done) {
  bookie_.ListEntries(std::move(request), std::move(done));
}

void WitnessedHandler::Status(protocol::StatusRequest request,
                              common::Callback<protocol::StatusReply> done) {
  bookie_.Status(std::move(request), std::move(done));
}

}  // namespace quire::simulation
