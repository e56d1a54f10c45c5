#include "bookie/reads.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bookie/record_bytes.h"
#include "protocol/entry.h"
#include "protocol/limits.h"

namespace quire::bookie {

using protocol::Code;
using protocol::EntryAnswer;
using protocol::LedgerId;

namespace {

constexpr std::int32_t kMaxWaitMs = 60'000;

bool IsSound(const protocol::ReadRequest& request) {
  return !request.entries.empty() && request.entries.size() <= protocol::kMaxEntriesPerCall &&
         request.max_bytes >= 0 &&
         std::ranges::none_of(request.entries, [](protocol::EntryId id) { return id.value() < 0; });
}

std::size_t Budget(std::int32_t asked, std::size_t most) {
  return asked == 0 ? most : std::min(static_cast<std::size_t>(asked), most);
}

}  // namespace

template <typename Reply>
void Reads::Send(Lsn lsn, Reply reply, common::Callback<Reply> done) {
  core_.replies.Wait(lsn, [reply = std::move(reply), done = std::move(done)](bool durable) mutable {
    if (!durable) {
      reply = {};
      reply.code = Code::kUnknown;
    }
    done(std::move(reply));
  });
}

std::expected<Lsn, Code> Reads::Fence(LedgerId ledger, const protocol::LedgerKey& key) {
  if (key.is_nil()) return std::unexpected(Code::kBadRequest);
  if (const LedgerState* state = core_.ledgers.StateOf(ledger)) {
    if (state->deleted) {
      const LedgerRecord* record = core_.ledgers.Find(ledger);
      return record != nullptr ? record->shut_lsn : 0;  // a settled one has been stored long since
    }
    if (state->Rejects(key)) return std::unexpected(Code::kUnauthorized);
  }
  LedgerRecord& record = core_.ledgers.Get(ledger, key);
  if (!record.state.fenced) {
    record.state.fenced = true;
    ++core_.metrics.fences;
    record.shut_lsn =
        core_.Append(RecordType::kFence, {LedgerBytes(ledger).view(), KeyBytes(key).view()});
    core_.Kick();
    core_.ledgers.Changed(ledger, record);
    core_.polls.Shut(ledger);
  }
  return record.shut_lsn;
}

void Reads::Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) {
  if (core_.health.failed()) return done({.code = Code::kUnknown, .answers = {}});
  if (!IsSound(request)) return done({.code = Code::kBadRequest, .answers = {}});
  Lsn shut = 0;
  if (request.fence) {
    const auto fenced = Fence(request.ledger, request.key);
    if (!fenced) return done({.code = fenced.error(), .answers = {}});
    shut = *fenced;
  }
  const LedgerState* state = core_.ledgers.StateOf(request.ledger);
  if (state == nullptr || state->deleted) {
    return Send(shut, protocol::ReadReply{.code = Code::kNoLedger, .answers = {}}, std::move(done));
  }
  protocol::ReadReply reply{.code = Code::kOk, .answers = {}};
  reply.answers.reserve(request.entries.size());
  const std::size_t max_bytes = Budget(request.max_bytes, protocol::kMaxReadReplyBytes);
  std::size_t bytes = 0;
  for (const protocol::EntryId id : request.entries) {
    if (id > state->last_entry) {  // nothing to look up
      reply.answers.push_back(
          {.code = state->limbo ? Code::kUnknown : Code::kNoEntry, .bytes = {}});
      continue;
    }
    const auto cached = core_.store->FindCached(request.ledger, id);
    if (!cached)
      return ReadStored(std::move(request), std::move(reply), max_bytes - bytes, shut,
                        std::move(done));
    reply.answers.push_back({.code = Code::kOk, .bytes = std::string(*cached)});
    ++core_.metrics.read_cached;
    bytes += cached->size();
    if (bytes >= max_bytes) break;
  }
  Note(request.ledger, reply);
  Send(shut, std::move(reply), std::move(done));
}

void Reads::Note(LedgerId ledger, const protocol::ReadReply& reply) {
  std::optional<protocol::EntryId> first;
  protocol::EntryId last;
  std::uint64_t bytes = 0;
  for (const EntryAnswer& answer : reply.answers) {
    if (answer.code != Code::kOk) continue;
    last = protocol::PeekEntryHeader(answer.bytes).entry;
    if (!first) first = last;
    bytes += answer.bytes.size();
  }
  if (!first || last < *first) return;
  core_.store->NoteRead(ledger, *first, last + 1, bytes,
                        core_.ledgers.Find(ledger)->state.last_entry);
}

void Reads::ReadStored(protocol::ReadRequest request, protocol::ReadReply reply,
                       std::size_t max_bytes, Lsn shut,
                       common::Callback<protocol::ReadReply> done) {
  if (core_.reads.size() >= core_.options.max_reads) {
    return Send(shut, protocol::ReadReply{.code = Code::kBusy, .answers = {}}, std::move(done));
  }
  const std::int32_t deadline_ms = request.deadline_ms;
  auto& ids = request.entries;
  ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(reply.answers.size()));
  core_.reads.Submit(
      deadline_ms, [this, ledger = request.ledger, ids = std::move(ids), max_bytes, shut,
                    reply = std::move(reply), done = std::move(done)](bool expired) mutable {
        if (expired) {
          reply = {.code = Code::kExpired, .answers = {}};
          return Send(shut, std::move(reply), std::move(done));
        }
        AskStore(ledger, std::move(ids), std::move(reply), max_bytes, shut, std::move(done));
      });
}

void Reads::AskStore(LedgerId ledger, std::vector<protocol::EntryId> ids, protocol::ReadReply reply,
                     std::size_t max_bytes, Lsn shut, common::Callback<protocol::ReadReply> done) {
  core_.store->Read(
      ledger, std::move(ids), max_bytes,
      [this, alive = std::weak_ptr(core_.alive), ledger, shut, reply = std::move(reply),
       done = std::move(done)](std::vector<EntryAnswer> answers) mutable {
        if (alive.expired()) return;
        core_.reads.End();
        const LedgerState& state = *core_.ledgers.StateOf(ledger);
        if (core_.health.failed()) {
          reply = {.code = Code::kUnknown, .answers = {}};
        } else if (state.deleted) {  // meanwhile: half of its entries may be gone
          reply = {.code = Code::kNoLedger, .answers = {}};
        } else {
          for (EntryAnswer& answer : answers) {
            if (answer.code == Code::kOk) ++core_.metrics.read_stored;
            if (state.limbo && answer.code == Code::kNoEntry) answer.code = Code::kUnknown;
            if (answer.code == Code::kCorrupt) answer.code = Code::kUnknown;
            reply.answers.push_back(std::move(answer));
          }
          Note(ledger, reply);
        }
        Send(shut, std::move(reply), std::move(done));
      });
}

void Reads::Lac(const protocol::LacRequest& request, common::Callback<protocol::LacReply> done) {
  if (core_.health.failed()) return done({.code = Code::kUnknown});
  if (request.wait_ms < 0 || request.wait_ms > kMaxWaitMs) {
    return done({.code = Code::kBadRequest});
  }
  Lsn shut = 0;
  if (request.fence) {
    const auto fenced = Fence(request.ledger, request.key);
    if (!fenced) return done({.code = fenced.error()});
    shut = *fenced;
  }
  const LedgerState* state = core_.ledgers.StateOf(request.ledger);
  const bool news = state != nullptr && (state->lac > request.known_lac || state->fenced ||
                                         state->deleted || state->limbo);
  if (request.wait_ms == 0 || news || core_.polls.full()) {
    return ReplyLac(request.ledger, shut, std::move(done));
  }
  // A ledger that was never seen is waited for as well: its first entry may be on the way.
  ++core_.metrics.long_polls;
  core_.polls.Hold(request.ledger, request.known_lac, std::chrono::milliseconds(request.wait_ms),
                   [this, alive = std::weak_ptr(core_.alive), ledger = request.ledger,
                    done = std::move(done)]() mutable {
                     if (alive.expired()) return;
                     --core_.metrics.long_polls;
                     ReplyLac(ledger, 0, std::move(done));
                   });
}

void Reads::ReplyLac(LedgerId ledger, Lsn shut, common::Callback<protocol::LacReply> done) {
  if (core_.health.failed()) return done({.code = Code::kUnknown});
  protocol::LacReply reply{.code = Code::kNoLedger};
  const LedgerState* state = core_.ledgers.StateOf(ledger);
  if (state != nullptr && !state->deleted) {
    reply = state->limbo
                ? protocol::LacReply{.code = Code::kUnknown}
                : protocol::LacReply{.code = Code::kOk, .lac = state->lac, .fenced = state->fenced};
  }
  Send(shut, reply, std::move(done));
}

void Reads::WriteLac(const protocol::WriteLacRequest& request,
                     common::Callback<protocol::WriteLacReply> done) {
  if (core_.health.failed()) return done({.code = Code::kUnknown});
  const auto lac = protocol::VerifyLac(request.record, request.ledger);
  if (!lac) return done({.code = Code::kCorrupt});
  if (request.key.is_nil()) return done({.code = Code::kBadRequest});
  if (const LedgerState* state = core_.ledgers.StateOf(request.ledger)) {
    if (state->deleted) return done({.code = Code::kFenced});
    if (state->Rejects(request.key)) return done({.code = Code::kUnauthorized});
  }
  // A fence does not matter: the value is truly confirmed (protocol 1.3).
  LedgerRecord& record = core_.ledgers.Get(request.ledger, request.key);
  if (*lac > record.state.lac) {
    record.state.lac = *lac;
    core_.Append(RecordType::kLac, {KeyBytes(request.key).view(), request.record});
    core_.Kick();
    core_.ledgers.Changed(request.ledger, record);
    core_.polls.Advanced(request.ledger, *lac);
  }
  // A value that is known already may stand in a record that is not durable yet (T-38).
  Send(core_.journal->last(), protocol::WriteLacReply{.code = Code::kOk}, std::move(done));
}

void Reads::List(const protocol::ListEntriesRequest& request,
                 common::Callback<protocol::ListEntriesReply> done) {
  if (core_.health.failed()) return done({.code = Code::kUnknown, .runs = {}});
  if (request.from.value() < 0 || request.max_runs < 0) {
    return done({.code = Code::kBadRequest, .runs = {}});
  }
  const LedgerState* known = core_.ledgers.StateOf(request.ledger);
  if (known == nullptr || known->deleted) return done({.code = Code::kNoLedger, .runs = {}});
  if (known->limbo) return done({.code = Code::kUnknown, .runs = {}});  // a gap is a denial
  if (request.from > known->last_entry) return done({.code = Code::kOk, .runs = {}});
  if (core_.reads.size() >= core_.options.max_reads) return done({.code = Code::kBusy, .runs = {}});
  const std::size_t max_runs = Budget(request.max_runs, protocol::kMaxEntriesPerCall);
  core_.reads.Submit(request.deadline_ms, [this, ledger = request.ledger, from = request.from,
                                           max_runs, done = std::move(done)](bool expired) mutable {
    if (expired) return done({.code = Code::kExpired, .runs = {}});
    ListStored(ledger, from, max_runs, std::move(done));
  });
}

void Reads::ListStored(LedgerId ledger, protocol::EntryId from, std::size_t max_runs,
                       common::Callback<protocol::ListEntriesReply> done) {
  core_.store->List(
      ledger, from, max_runs,
      [this, alive = std::weak_ptr(core_.alive), ledger, max_runs,
       done = std::move(done)](common::Result<std::vector<protocol::EntryRun>> runs) mutable {
        if (alive.expired()) return;
        core_.reads.End();
        protocol::ListEntriesReply reply{.code = Code::kUnknown, .runs = {}};
        const LedgerState& state = *core_.ledgers.StateOf(ledger);
        if (state.deleted) {
          reply.code = Code::kNoLedger;
        } else if (runs && !core_.health.failed()) {
          reply.code = Code::kOk;
          reply.runs = std::move(*runs);
          if (reply.runs.size() >= max_runs) {
            reply.next_entry = reply.runs.back().first + reply.runs.back().count;
          }
        }
        done(std::move(reply));
      });
}

}  // namespace quire::bookie
