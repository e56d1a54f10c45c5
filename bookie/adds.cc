#include "bookie/adds.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "bookie/record_bytes.h"

namespace quire::bookie {

using protocol::Code;
using protocol::EntryAnswer;

Adds::Adds(ShardCore& core)
    : core_(core),
      lookups_(
          core,
          [this](const DuplicateLookups::Waiting& add, const EntryAnswer& stored) {
            Resolve(add, stored);
          },
          [this](DuplicateLookups::Batch& batch) {
            Reply(std::move(batch.codes), std::move(batch.done));
          }) {}

void Adds::Submit(std::span<const protocol::Add> adds, common::Callback<std::vector<Code>> done) {
  std::vector<Code> codes(adds.size(), Code::kUnknown);
  if (core_.health.failed()) return done(std::move(codes));
  std::shared_ptr<DuplicateLookups::Batch> batch;  // only if an add has to wait for a look-up
  for (std::size_t i = 0; i < adds.size(); ++i) {
    const protocol::Add& add = adds[i];
    const auto header = protocol::VerifyEntry(add.entry);
    if (!header) {
      codes[i] = Code::kCorrupt;
      continue;
    }
    const Entry entry{
        .header = *header, .bytes = add.entry, .key = add.key, .recovery = add.recovery};
    if (const auto code = Admit(entry)) {
      codes[i] = *code;
    } else if (lookups_.full()) {
      codes[i] = Code::kBusy;
    } else {
      if (!batch) batch = std::make_shared<DuplicateLookups::Batch>();
      lookups_.Enqueue({.header = *header,
                        .bytes = std::string(add.entry),
                        .key = add.key,
                        .recovery = add.recovery,
                        .batch = batch,
                        .index = i,
                        .deadline = DeadlineAt(core_.loop.Now(), add.deadline_ms)});
    }
  }
  core_.Kick();
  if (!batch) return Reply(std::move(codes), std::move(done));
  batch->codes = std::move(codes);
  batch->done = std::move(done);
  lookups_.Ask();
}

std::optional<Code> Adds::Refuse(const Entry& entry, const LedgerState* known) const {
  if (entry.key.is_nil()) return Code::kBadRequest;
  if (known != nullptr) {
    const LedgerState& state = *known;
    if (state.deleted) return Code::kFenced;  // recovery too: there is nothing to repair (T-28)
    if (state.Rejects(entry.key)) return Code::kUnauthorized;
    if ((state.fenced || state.limbo) && !entry.recovery) return Code::kFenced;
  }
  if (core_.health.read_only() && !entry.recovery) return Code::kReadOnly;
  return std::nullopt;
}

std::optional<Code> Adds::Admit(const Entry& entry) {
  const LedgerState* known = core_.ledgers.StateOf(entry.header.ledger);
  if (const auto refused = Refuse(entry, known)) return refused;
  if (known != nullptr && entry.header.entry <= known->last_entry) {
    const auto cached = core_.store->FindCached(entry.header.ledger, entry.header.entry);
    if (!cached) return std::nullopt;
    return CompareWith(entry, *cached);
  }
  return Insert(entry);
}

Code Adds::Insert(const Entry& entry) {
  if (core_.store->Full()) {
    // Waiting helps when the flush is on its way, and not when the disk has no room for it.
    return core_.health.Has(ShardHealth::kFlushBlocked) ? Code::kReadOnly : Code::kBusy;
  }
  if (core_.health.Has(ShardHealth::kJournalFull)) return Code::kReadOnly;
  if (core_.journal->queued_bytes() > 2 * core_.options.max_queued_bytes) return Code::kBusy;
  const protocol::EntryHeader& header = entry.header;
  LedgerRecord& record = core_.ledgers.Get(header.ledger, entry.key);
  core_.store->Add(header.ledger, header.entry, entry.bytes, record.NoteStored(header.entry));
  core_.Append(RecordType::kEntry, {KeyBytes(entry.key).view(), entry.bytes});
  if (header.lac > record.state.lac) {
    record.state.lac = header.lac;
    if (!core_.polls.empty()) core_.polls.Advanced(header.ledger, header.lac);
  }
  core_.ledgers.Changed(header.ledger, record);
  return Code::kOk;
}

Code Adds::CompareWith(const Entry& entry, std::string_view kept) {
  if (entry.bytes == kept) return Code::kOk;
  ++conflicts_;
  if (std::has_single_bit(conflicts_)) {  // the alarm must not become a flood
    core_.log.Error("ledger " + std::to_string(entry.header.ledger.value()) + " entry " +
                    std::to_string(entry.header.entry.value()) +
                    " came again with other bytes; the first are kept (conflict " +
                    std::to_string(conflicts_) +
                    " since the start). Two writers share the ledger, or a writer resumed it.");
  }
  return Code::kConflict;
}

void Adds::Resolve(const DuplicateLookups::Waiting& add, const EntryAnswer& stored) {
  Code& code = add.batch->codes[add.index];
  if (core_.health.failed()) return;  // stays kUnknown
  const Entry entry{
      .header = add.header, .bytes = add.bytes, .key = add.key, .recovery = add.recovery};
  // The ledger may have been fenced, deleted or read-only since, and an add before us in the queue
  // may have put the entry there.
  if (const auto refused = Refuse(entry, core_.ledgers.StateOf(add.header.ledger))) {
    code = *refused;
  } else if (const auto cached = core_.store->FindCached(add.header.ledger, add.header.entry)) {
    code = CompareWith(entry, *cached);
  } else if (stored.code == Code::kOk) {
    code = CompareWith(entry, stored.bytes);
  } else if (stored.code == Code::kNoEntry) {
    code = Insert(entry);
  } else if (stored.code == Code::kCorrupt && entry.recovery) {
    // What a recovery sends is a copy of what another bookie has. A writer's add stays unknown:
    // only the damaged copy could tell if these are the bytes that were acknowledged (T-37).
    code = Insert(entry);
  }
}

void Adds::Reply(std::vector<Code> codes, common::Callback<std::vector<Code>> done) {
  if (std::ranges::find(codes, Code::kOk) == codes.end()) return done(std::move(codes));
  // A duplicate may be a copy of an entry that is not durable yet; the last record covers that too.
  core_.replies.Wait(core_.journal->last(),
                     [this, begun = core_.loop.Now(), codes = std::move(codes),
                      done = std::move(done)](bool durable) mutable {
                       if (durable) core_.retry.Durable(core_.loop.Now() - begun);
                       if (!durable) std::ranges::replace(codes, Code::kOk, Code::kUnknown);
                       done(std::move(codes));
                     });
}

}  // namespace quire::bookie
