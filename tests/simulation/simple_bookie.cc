#include "tests/simulation/simple_bookie.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "protocol/entry.h"
#include "protocol/limits.h"
#include "tests/simulation/chance.h"

namespace quire::simulation {

using protocol::Code;
using protocol::EntryId;
using protocol::kNoEntry;
using protocol::LedgerId;
using Kind = SimpleRecord::Kind;

SimpleBookie::SimpleBookie(SimLoop& loop, SimpleDisk& disk, SimpleBookieOptions options)
    : loop_(loop), disk_(disk), options_(options) {
  for (Lsn lsn = 1; lsn <= disk_.last(); ++lsn) Apply(disk_.at(lsn), lsn);
}

const SimpleBookie::Ledger* SimpleBookie::Find(LedgerId ledger) const {
  const auto found = ledgers_.find(ledger);
  return found == ledgers_.end() ? nullptr : &found->second;
}

SimpleBookie::Ledger* SimpleBookie::Find(LedgerId ledger) {
  return const_cast<Ledger*>(std::as_const(*this).Find(ledger));
}

void SimpleBookie::Apply(const SimpleRecord& record, Lsn lsn) {
  Ledger& ledger = ledgers_[record.ledger];
  if (ledger.key.is_nil()) ledger.key = record.key;
  if (record.lac > ledger.lac) {
    ledger.lac = record.lac;
    ledger.lac_lsn = lsn;
  }
  switch (record.kind) {
    case Kind::kEntry: ledger.entries.insert_or_assign(record.entry, lsn); break;
    case Kind::kFence:
      ledger.fenced = true;
      ledger.shut = lsn;
      break;
    case Kind::kLac: break;
    case Kind::kLimbo: ledger.limbo = true; break;
    case Kind::kDelete:
      ledger = {.key = ledger.key, .deleted = true, .shut = lsn, .entries = {}};
      break;
  }
}

SimpleBookie::Lsn SimpleBookie::Append(SimpleRecord record) {
  const Lsn lsn = disk_.Append(std::move(record));
  const SimpleRecord& kept = disk_.at(lsn);
  Apply(kept, lsn);
  SyncLater();
  WakePolls(kept.ledger);
  return lsn;
}

// Group commit: a sync covers what was appended when it begins.
void SimpleBookie::SyncLater() {
  if (syncing_ || disk_.synced() == disk_.last()) return;
  syncing_ = true;
  common::Random& random = loop_.scheduler().random();
  loop_.After(HeavyTail(random, options_.sync), [this, lsn = disk_.last()] { OnSynced(lsn); });
}

void SimpleBookie::OnSynced(Lsn lsn) {
  disk_.SyncTo(lsn);
  syncing_ = false;
  SyncLater();
  std::vector<Waiting> waiting = std::exchange(waiting_, {});
  for (Waiting& one : waiting) {
    if (one.lsn <= lsn) {
      one.reply();
    } else {
      waiting_.push_back(std::move(one));
    }
  }
}

void SimpleBookie::WhenDurable(Lsn lsn, common::Task reply) {
  if (lsn <= disk_.synced()) return reply();
  waiting_.push_back({.lsn = lsn, .reply = std::move(reply)});
}

void SimpleBookie::Add(protocol::BookieId bookie, std::span<const protocol::Add> adds,
                       common::Callback<std::vector<Code>> done) {
  if (bookie != options_.id) return done(std::vector<Code>(adds.size(), Code::kWrongBookie));
  std::vector<Code> codes;
  codes.reserve(adds.size());
  Lsn lsn = 0;
  for (const protocol::Add& add : adds) {
    const AddResult result = AddOne(add);
    codes.push_back(result.code);
    lsn = std::max(lsn, result.lsn);
  }
  WhenDurable(lsn, [codes = std::move(codes), done = std::move(done)]() mutable {
    done(std::move(codes));
  });
}

SimpleBookie::AddResult SimpleBookie::AddOne(const protocol::Add& add) {
  const auto header = protocol::VerifyEntry(add.entry);
  if (!header) return {Code::kCorrupt};
  if (add.key.is_nil()) return {Code::kBadRequest};
  if (const Ledger* ledger = Find(header->ledger)) {
    if (ledger->deleted) return {Code::kFenced};
    if (!ledger->key.is_nil() && ledger->key != add.key) return {Code::kUnauthorized};
    if ((ledger->fenced || ledger->limbo) && !add.recovery) return {Code::kFenced};
    const auto entry = ledger->entries.find(header->entry);
    if (entry != ledger->entries.end()) {
      if (disk_.at(entry->second).bytes != add.entry) return {Code::kConflict};
      return {Code::kOk, entry->second};
    }
  }
  if (read_only_ && !add.recovery) return {Code::kReadOnly};
  return {Code::kOk, Append({.kind = Kind::kEntry,
                             .ledger = header->ledger,
                             .key = add.key,
                             .entry = header->entry,
                             .lac = header->lac,
                             .bytes = std::string(add.entry)})};
}

std::expected<SimpleBookie::Lsn, Code> SimpleBookie::Fence(LedgerId id,
                                                           const protocol::LedgerKey& key) {
  if (key.is_nil()) return std::unexpected(Code::kBadRequest);
  Ledger* ledger = Find(id);
  if (ledger != nullptr) {
    if (ledger->deleted || ledger->fenced) {
      const bool authorized = ledger->deleted || ledger->key == key;
      if (!authorized) return std::unexpected(Code::kUnauthorized);
      return ledger->shut;
    }
    if (!ledger->key.is_nil() && ledger->key != key) return std::unexpected(Code::kUnauthorized);
  }
  return Append({.kind = Kind::kFence, .ledger = id, .key = key});
}

protocol::EntryAnswer SimpleBookie::Answer(const Ledger& ledger, EntryId entry) const {
  const auto found = ledger.entries.find(entry);
  if (found != ledger.entries.end()) return {Code::kOk, disk_.at(found->second).bytes};
  return {ledger.limbo ? Code::kUnknown : Code::kNoEntry, {}};
}

void SimpleBookie::Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) {
  protocol::ReadReply reply;
  if (request.bookie != options_.id) reply.code = Code::kWrongBookie;
  if (request.entries.empty() || request.entries.size() > protocol::kMaxEntriesPerCall) {
    reply.code = Code::kBadRequest;
  }
  if (reply.code != Code::kUnknown) return done(std::move(reply));
  Lsn lsn = 0;
  if (request.fence) {
    const auto fenced = Fence(request.ledger, request.key);
    if (!fenced) {
      reply.code = fenced.error();
      return done(std::move(reply));
    }
    lsn = *fenced;
  }
  const Ledger* ledger = Find(request.ledger);
  reply.code = ledger == nullptr || ledger->deleted ? Code::kNoLedger : Code::kOk;
  std::size_t bytes = 0;
  const std::size_t most = request.max_bytes > 0 ? static_cast<std::size_t>(request.max_bytes)
                                                 : protocol::kMaxReadReplyBytes;
  for (std::size_t i = 0; reply.code == Code::kOk && i < request.entries.size() && bytes < most;
       ++i) {
    reply.answers.push_back(Answer(*ledger, request.entries[i]));
    bytes += reply.answers.back().bytes.size();
  }
  WhenDurable(lsn, [reply = std::move(reply), done = std::move(done)]() mutable {
    done(std::move(reply));
  });
}

protocol::LacReply SimpleBookie::LacOf(LedgerId id) const {
  const Ledger* ledger = Find(id);
  if (ledger == nullptr || ledger->deleted) return {.code = Code::kNoLedger};
  if (ledger->limbo) return {.code = Code::kUnknown};
  return {.code = Code::kOk, .lac = ledger->lac, .fenced = ledger->fenced};
}

void SimpleBookie::Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) {
  if (request.bookie != options_.id) return done({.code = Code::kWrongBookie});
  if (request.wait_ms < 0) return done({.code = Code::kBadRequest});
  Lsn lsn = 0;
  if (request.fence) {
    const auto fenced = Fence(request.ledger, request.key);
    if (!fenced) return done({.code = fenced.error()});
    lsn = *fenced;
  }
  const Ledger* ledger = Find(request.ledger);
  const bool shut = ledger != nullptr && (ledger->fenced || ledger->deleted || ledger->limbo);
  const bool news = ledger != nullptr && ledger->lac > request.known_lac;
  if (request.wait_ms > 0 && !shut && !news) {
    // A ledger that was never seen is waited for as well: its first entry may be on the way.
    const std::uint64_t id = ++last_poll_;
    const auto timer = loop_.After(std::chrono::milliseconds(request.wait_ms), [this, id] {
      EndPolls([id](const Poll& poll) { return poll.id == id; });
    });
    polls_.push_back({.id = id,
                      .ledger = request.ledger,
                      .known = request.known_lac,
                      .timer = timer,
                      .done = std::move(done)});
    return;
  }
  const protocol::LacReply reply = LacOf(request.ledger);
  WhenDurable(lsn, [reply, done = std::move(done)]() mutable { done(reply); });
}

// The answers leave in turns of their own: the caller is in the middle of an add or a fence.
template <typename Condition>
void SimpleBookie::EndPolls(Condition ends) {
  for (Poll& poll : polls_) {
    if (!ends(poll)) continue;
    loop_.Cancel(poll.timer);
    loop_.Post([this, ledger = poll.ledger, done = std::exchange(poll.done, nullptr)]() mutable {
      done(LacOf(ledger));
    });
  }
  std::erase_if(polls_, [](const Poll& poll) { return !poll.done; });
}

void SimpleBookie::WakePolls(LedgerId id) {
  if (polls_.empty()) return;
  const Ledger* ledger = Find(id);
  if (ledger == nullptr) return;
  const bool shut = ledger->fenced || ledger->deleted || ledger->limbo;  // T-39
  EndPolls(
      [&](const Poll& poll) { return poll.ledger == id && (shut || ledger->lac > poll.known); });
}

void SimpleBookie::WriteLac(protocol::WriteLacRequest request,
                            common::Callback<protocol::WriteLacReply> done) {
  if (request.bookie != options_.id) return done({.code = Code::kWrongBookie});
  const auto lac = protocol::VerifyLac(request.record, request.ledger);
  if (!lac) return done({.code = Code::kCorrupt});
  if (request.key.is_nil()) return done({.code = Code::kBadRequest});
  const Ledger* ledger = Find(request.ledger);
  if (ledger != nullptr && ledger->deleted) return done({.code = Code::kFenced});
  if (ledger != nullptr && !ledger->key.is_nil() && ledger->key != request.key) {
    return done({.code = Code::kUnauthorized});
  }
  // A fence does not matter: the value is truly confirmed. One that is known may not be durable
  // yet.
  const bool known = ledger != nullptr && ledger->lac >= *lac;
  const Lsn lsn =
      known
          ? ledger->lac_lsn
          : Append({.kind = Kind::kLac, .ledger = request.ledger, .key = request.key, .lac = *lac});
  WhenDurable(lsn, [done = std::move(done)]() mutable { done({.code = Code::kOk}); });
}

void SimpleBookie::ListEntries(protocol::ListEntriesRequest request,
                               common::Callback<protocol::ListEntriesReply> done) {
  protocol::ListEntriesReply reply{.code = Code::kOk, .runs = {}};
  const Ledger* ledger = Find(request.ledger);
  if (request.bookie != options_.id) {
    reply.code = Code::kWrongBookie;
  } else if (request.from.value() < 0 || request.max_runs < 0) {
    reply.code = Code::kBadRequest;
  } else if (ledger == nullptr || ledger->deleted) {
    reply.code = Code::kNoLedger;
  } else if (ledger->limbo) {
    reply.code = Code::kUnknown;  // a gap is a denial
  }
  if (reply.code != Code::kOk) return done(std::move(reply));
  const std::size_t most = request.max_runs > 0 ? static_cast<std::size_t>(request.max_runs)
                                                : protocol::kMaxEntriesPerCall;
  for (auto entry = ledger->entries.lower_bound(request.from); entry != ledger->entries.end();
       ++entry) {
    if (!reply.runs.empty() && reply.runs.back().first + reply.runs.back().count == entry->first) {
      ++reply.runs.back().count;
      continue;
    }
    if (reply.runs.size() == most) {
      reply.next_entry = entry->first;
      break;
    }
    reply.runs.push_back({.first = entry->first, .count = 1});
  }
  done(std::move(reply));
}

void SimpleBookie::Status(protocol::StatusRequest /*request*/,
                          common::Callback<protocol::StatusReply> done) {
  protocol::BookieStatus status{.bookie = options_.id, .directory = {}, .state = {}};
  status.state = read_only_ ? "read-only" : "writable";
  status.ledgers = static_cast<std::int64_t>(ledgers_.size());
  status.journal_lsn = static_cast<std::int64_t>(disk_.synced());
  done({.code = Code::kOk, .instance = {}, .bookies = {std::move(status)}});
}

void SimpleBookie::Delete(LedgerId ledger) {
  Append({.kind = Kind::kDelete, .ledger = ledger});
}

void SimpleBookie::PutInLimbo(LedgerId ledger) {
  Append({.kind = Kind::kLimbo, .ledger = ledger});
}

const std::string* SimpleBookie::DurableEntry(LedgerId id, EntryId entry) const {
  const Ledger* ledger = Find(id);
  if (ledger == nullptr) return nullptr;
  const auto found = ledger->entries.find(entry);
  if (found == ledger->entries.end() || found->second > disk_.synced()) return nullptr;
  return &disk_.at(found->second).bytes;
}

bool SimpleBookie::IsFenced(LedgerId id) const {
  const Ledger* ledger = Find(id);
  return ledger != nullptr && ledger->fenced;
}

}  // namespace quire::simulation
