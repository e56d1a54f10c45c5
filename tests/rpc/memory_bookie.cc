#include "tests/rpc/memory_bookie.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "protocol/limits.h"

namespace quire::rpc::testing {

using protocol::Code;

namespace {

protocol::ListEntriesReply Refuse(Code code) {
  protocol::ListEntriesReply reply;
  reply.code = code;
  return reply;
}

}  // namespace

// The first add or fence fixes the key.
MemoryBookie::Ledger& MemoryBookie::FindOrMake(protocol::LedgerId id, protocol::LedgerKey key) {
  const auto [ledger, fresh] = ledgers_.try_emplace(id);
  if (fresh) ledger->second.key = key;
  return ledger->second;
}

Code MemoryBookie::AddOne(const protocol::Add& add) {
  const auto header = protocol::VerifyEntry(add.entry);
  if (!header) return Code::kCorrupt;
  Ledger& ledger = FindOrMake(header->ledger, add.key);
  if (ledger.key != add.key) return Code::kUnauthorized;
  if (ledger.fenced && !add.recovery) return Code::kFenced;
  const auto [place, fresh] = ledger.entries.try_emplace(header->entry, add.entry);
  if (!fresh) return place->second == add.entry ? Code::kOk : Code::kConflict;
  ledger.lac = std::max(ledger.lac, header->lac);
  Wake(ledger);
  return Code::kOk;
}

void MemoryBookie::Add(protocol::BookieId bookie, std::span<const protocol::Add> adds,
                       common::Callback<std::vector<Code>> done) {
  std::vector<Code> codes;
  for (const protocol::Add& add : adds) {
    codes.push_back(bookie == id_ ? AddOne(add) : Code::kWrongBookie);
  }
  done(std::move(codes));
}

Code MemoryBookie::Fence(protocol::LedgerId id, protocol::LedgerKey key) {
  Ledger& ledger = FindOrMake(id, key);
  if (ledger.key != key) return Code::kUnauthorized;
  ledger.fenced = true;
  Wake(ledger);
  return Code::kOk;
}

void MemoryBookie::Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) {
  protocol::ReadReply reply;
  reply.code = request.bookie == id_ ? Code::kOk : Code::kWrongBookie;
  if (reply.code == Code::kOk && request.fence) reply.code = Fence(request.ledger, request.key);
  if (reply.code != Code::kOk) return done(std::move(reply));
  const auto ledger = ledgers_.find(request.ledger);
  const std::size_t most =
      request.max_bytes == 0 ? protocol::kMaxReadReplyBytes : request.max_bytes;
  std::size_t bytes = 0;
  for (const protocol::EntryId id : request.entries) {
    protocol::EntryAnswer& answer = reply.answers.emplace_back();
    answer.code = Code::kNoLedger;
    if (ledger != ledgers_.end()) {
      const auto entry = ledger->second.entries.find(id);
      answer.code = entry == ledger->second.entries.end() ? Code::kNoEntry : Code::kOk;
      if (answer.code == Code::kOk) answer.bytes = entry->second;
    }
    bytes += answer.bytes.size();
    if (bytes >= most) break;
  }
  done(std::move(reply));
}

protocol::LacReply MemoryBookie::LacOf(const Ledger& ledger) {
  return {.code = Code::kOk, .lac = ledger.lac, .fenced = ledger.fenced};
}

void MemoryBookie::Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) {
  Code code = request.bookie == id_ ? Code::kOk : Code::kWrongBookie;
  if (code == Code::kOk && request.fence) code = Fence(request.ledger, request.key);
  const auto found = ledgers_.find(request.ledger);
  if (code == Code::kOk && found == ledgers_.end()) code = Code::kNoLedger;
  if (code != Code::kOk) return done({.code = code});
  Ledger& ledger = found->second;
  if (request.wait_ms == 0 || ledger.fenced || ledger.lac > request.known_lac) {
    return done(LacOf(ledger));
  }
  const int poll = ++last_poll_;
  const auto timer = loop_.After(std::chrono::milliseconds(request.wait_ms), [&ledger, poll] {
    auto ended = ledger.polls.extract(poll);
    ended.mapped().done(LacOf(ledger));
  });
  ledger.polls.emplace(poll, Poll{request.known_lac, std::move(done), timer});
}

void MemoryBookie::Wake(Ledger& ledger) {
  for (auto poll = ledger.polls.begin(); poll != ledger.polls.end();) {
    if (!ledger.fenced && ledger.lac <= poll->second.known_lac) {
      ++poll;
      continue;
    }
    auto ended = ledger.polls.extract(poll++);
    loop_.Cancel(ended.mapped().timer);
    ended.mapped().done(LacOf(ledger));
  }
}

void MemoryBookie::WriteLac(protocol::WriteLacRequest request,
                            common::Callback<protocol::WriteLacReply> done) {
  if (request.bookie != id_) return done({.code = Code::kWrongBookie});
  const auto lac = protocol::VerifyLac(request.record, request.ledger);
  if (!lac) return done({.code = Code::kCorrupt});
  Ledger& ledger = FindOrMake(request.ledger, request.key);
  if (ledger.key != request.key) return done({.code = Code::kUnauthorized});
  ledger.lac = std::max(ledger.lac, *lac);
  Wake(ledger);
  done({.code = Code::kOk});
}

void MemoryBookie::ListEntries(protocol::ListEntriesRequest request,
                               common::Callback<protocol::ListEntriesReply> done) {
  if (request.bookie != id_) return done(Refuse(Code::kWrongBookie));
  const auto found = ledgers_.find(request.ledger);
  if (found == ledgers_.end()) return done(Refuse(Code::kNoLedger));
  const auto& entries = found->second.entries;
  const std::size_t most = request.max_runs == 0 ? protocol::kMaxEntriesPerCall : request.max_runs;
  protocol::ListEntriesReply reply;
  reply.code = Code::kOk;
  for (auto entry = entries.lower_bound(request.from); entry != entries.end(); ++entry) {
    if (!reply.runs.empty() && reply.runs.back().first + reply.runs.back().count == entry->first) {
      ++reply.runs.back().count;
    } else if (reply.runs.size() == most) {
      reply.next_entry = entry->first;
      break;
    } else {
      reply.runs.push_back({.first = entry->first, .count = 1});
    }
  }
  done(std::move(reply));
}

void MemoryBookie::Status(protocol::StatusRequest /*request*/,
                          common::Callback<protocol::StatusReply> done) {
  protocol::BookieStatus status;
  status.bookie = id_;
  status.directory = "(memory)";
  status.state = "writable";
  status.ledgers = static_cast<std::int64_t>(ledgers_.size());
  done({.code = Code::kOk, .instance = {1, 2}, .bookies = {std::move(status)}});
}

}  // namespace quire::rpc::testing
