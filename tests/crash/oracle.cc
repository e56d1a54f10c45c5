#include "tests/crash/oracle.h"

#include <algorithm>
#include <utility>

#include "protocol/entry.h"

namespace quire::crash {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

void Oracle::Violate(std::string what) {
  if (violation_.empty()) violation_ = std::move(what);
}
void Oracle::Violate(LedgerId ledger, std::string_view what) {
  Violate("ledger " + std::to_string(ledger.value()) + ": " + std::string(what));
}
void Oracle::Violate(LedgerId ledger, EntryId entry, std::string_view what) {
  Violate(ledger, "entry " + std::to_string(entry.value()) + ": " + std::string(what));
}

const Oracle::Candidate* Oracle::Find(const Entry& entry, std::string_view bytes) {
  const auto found = std::ranges::find_if(
      entry.candidates, [&](const Candidate& candidate) { return *candidate.bytes == bytes; });
  return found == entry.candidates.end() ? nullptr : &*found;
}

bool Oracle::limbo(LedgerId ledger) const {
  const auto it = ledgers_.find(ledger);
  return it != ledgers_.end() && it->second.limbo;
}

void Oracle::SetLimbo(LedgerId ledger) {
  ledgers_[ledger].limbo = true;
  ledgers_[ledger].known = true;
}

Oracle::Asked Oracle::Ask(LedgerId id) {
  const Ledger& ledger = ledgers_[id];
  return {.ledger = id,
          .known = ledger.known,
          .fenced = ledger.fenced,
          .buried = ledger.buried,
          .failed = failed_,
          .lac = ledger.lac};
}

Oracle::AskedAdd Oracle::Add(LedgerId ledger, EntryId entry, Bytes bytes, bool recovery,
                             bool wrong_key) {
  AskedAdd add{Ask(ledger), entry, std::move(bytes), recovery, wrong_key};
  if (wrong_key) return add;
  Ledger& state = ledgers_[ledger];
  state.most_lac = std::max(state.most_lac, protocol::PeekEntryHeader(*add.bytes).lac);
  Entry& known = state.entries[entry];
  if (known.promised) return add;
  auto found = std::ranges::find_if(known.candidates,
                                    [&](const auto& one) { return *one.bytes == *add.bytes; });
  if (found == known.candidates.end()) {
    found = known.candidates.insert(found, {.bytes = add.bytes});
  }
  ++found->adds;
  found->recoveries += recovery ? 1 : 0;
  return add;
}

void Oracle::Answer(const AskedAdd& add, Code code) {
  Ledger& ledger = ledgers_[add.ledger];
  if (code == Code::kOk) return Accepted(add, ledger);
  if (code != Code::kUnknown) return Refused(add, code, ledger);
  if (!faults_) Violate(add.ledger, add.entry, "an add was answered kUnknown without any fault");
}

void Oracle::Accepted(const AskedAdd& add, Ledger& ledger) {
  const auto violate = [&](std::string_view what) { Violate(add.ledger, add.entry, what); };
  if (add.failed) return violate("acknowledged by a bookie that had failed");
  if (add.wrong_key) return violate("acknowledged under a wrong key");
  if (add.buried) return violate("acknowledged after the ledger was buried");
  if ((add.fenced || ledger.limbo) && !add.recovery) {
    return violate("acknowledged after a fence was");
  }
  Entry& entry = ledger.entries[add.entry];
  if (Find(entry, *add.bytes) == nullptr) {
    return violate(entry.promised ? "acknowledged, but other bytes are kept"
                                  : "acknowledged after its absence was promised");
  }
  entry.candidates = {{.bytes = add.bytes}};
  entry.promised = true;
  ledger.known = true;
  ledger.lac = std::max(ledger.lac, protocol::PeekEntryHeader(*add.bytes).lac);
}

void Oracle::Refused(const AskedAdd& add, Code code, Ledger& ledger) {
  const auto violate = [&](std::string_view what) { Violate(add.ledger, add.entry, what); };
  Entry& entry = ledger.entries[add.entry];
  const bool shut = ledger.delete_asked || (!add.recovery && (ledger.fence_asked || ledger.limbo));
  const bool kept = entry.promised && *entry.candidates.front().bytes == *add.bytes;
  if (code == Code::kFenced && !shut) violate("refused by a fence that nobody asked for");
  if (code == Code::kUnauthorized && !add.wrong_key) violate("refused under the right key");
  if (code == Code::kConflict && kept) violate("in conflict with itself");
  if (code == Code::kReadOnly && !faults_) violate("refused as read-only without any fault");
  if (code == Code::kCorrupt || code == Code::kBadRequest) violate("refused as damaged");
  if (add.wrong_key || entry.promised) return;
  // It is not there because of this add.
  std::erase_if(entry.candidates, [&](Candidate& one) {
    if (*one.bytes != *add.bytes) return false;
    one.recoveries -= add.recovery ? 1 : 0;
    return --one.adds == 0;
  });
}

// No such ledger: nobody has asked for it yet, or it was deleted.
void Oracle::Denied(const Asked& asked, bool fence, Ledger& ledger) {
  if (fence && !ledger.delete_asked) Violate(asked.ledger, "a fence found no ledger");
  if (!asked.known && !fence) return;
  if (!ledger.delete_asked) Violate(asked.ledger, "denied, although it was promised");
  ledger.buried = true;
  ledger.deleted |= fence;  // the tombstone is durable
}

Oracle::AskedRead Oracle::Read(LedgerId ledger, std::vector<EntryId> ids, bool fence) {
  AskedRead read{Ask(ledger), fence, std::move(ids), {}};
  Ledger& state = ledgers_[ledger];
  for (const EntryId id : read.ids) {
    const auto entry = state.entries.find(id);
    read.promised.push_back(entry != state.entries.end() && entry->second.promised);
  }
  state.fence_asked |= fence;
  return read;
}

void Oracle::Answer(const AskedRead& read, const protocol::ReadReply& reply) {
  Ledger& ledger = ledgers_[read.ledger];
  if (reply.code == Code::kNoLedger) {
    return Denied(read, read.fence, ledger);
  }
  if (reply.code == Code::kBusy || (reply.code == Code::kUnknown && faults_)) return;
  if (reply.code != Code::kOk) return Violate(read.ledger, "a read was refused");
  if (read.fence) ledger.known = ledger.fenced = true;
  for (std::size_t i = 0; i < reply.answers.size(); ++i) {
    const protocol::EntryAnswer& answer = reply.answers[i];
    const EntryId id = read.ids[i];
    Entry& entry = ledger.entries[id];
    if (answer.code == Code::kOk && Find(entry, answer.bytes) == nullptr) {
      Violate(read.ledger, id, "read with bytes that nobody wrote");
    } else if (answer.code == Code::kNoEntry) {
      if (ledger.limbo) Violate(read.ledger, id, "denied by a ledger in limbo");
      if (read.promised[i]) Violate(read.ledger, id, "denied, although it was acknowledged");
      if (read.fence) {  // nobody but recovery will put it there any more
        std::erase_if(entry.candidates, [](const auto& one) { return one.recoveries == 0; });
      }
    } else if (answer.code != Code::kOk && !faults_ && (read.promised[i] || !ledger.limbo)) {
      Violate(read.ledger, id, "cannot be read");
    }
  }
}

Oracle::AskedLac Oracle::Lac(LedgerId ledger, bool fence) {
  ledgers_[ledger].fence_asked |= fence;
  return {Ask(ledger), fence, {}};
}

void Oracle::Answer(const AskedLac& lac, const protocol::LacReply& reply) {
  Ledger& ledger = ledgers_[lac.ledger];
  if (reply.code == Code::kUnknown && (faults_ || ledger.limbo)) {
    if (lac.fence && !faults_) ledger.fenced = true;
    return;
  }
  if (reply.code == Code::kNoLedger) {
    return Denied(lac, lac.fence, ledger);
  }
  if (reply.code != Code::kOk) return Violate(lac.ledger, "a LAC was refused");
  if (ledger.limbo) Violate(lac.ledger, "in limbo and yet sure of its LAC");
  if (reply.lac < lac.lac) Violate(lac.ledger, "the LAC went back");
  if (reply.lac > ledger.most_lac) Violate(lac.ledger, "a LAC that nobody wrote");
  if ((lac.fence || lac.fenced) && !reply.fenced) Violate(lac.ledger, "the fence is gone");
  if (reply.fenced && !ledger.fence_asked) Violate(lac.ledger, "a fence nobody asked for");
  if (lac.fence) ledger.known = ledger.fenced = true;
}

Oracle::AskedLac Oracle::WriteLac(LedgerId ledger, EntryId value) {
  ledgers_[ledger].most_lac = std::max(ledgers_[ledger].most_lac, value);
  return {Ask(ledger), false, value};
}

void Oracle::Answer(const AskedLac& lac, const protocol::WriteLacReply& reply) {
  Ledger& ledger = ledgers_[lac.ledger];
  if (reply.code == Code::kOk) {
    if (lac.failed) Violate(lac.ledger, "a LAC acknowledged by a bookie that had failed");
    if (lac.buried) Violate(lac.ledger, "a LAC acknowledged after the ledger was buried");
    ledger.known = true;
    ledger.lac = std::max(ledger.lac, lac.value);
  } else if (reply.code == Code::kFenced) {
    if (!ledger.delete_asked) Violate(lac.ledger, "a LAC was refused");
  } else if (reply.code != Code::kUnknown || !faults_) {
    Violate(lac.ledger, "a LAC was refused");
  }
}

void Oracle::Answer(LedgerId id, const protocol::ListEntriesReply& reply) {
  if (reply.code != Code::kOk) return;
  Ledger& ledger = ledgers_[id];
  for (const protocol::EntryRun& run : reply.runs) {
    for (EntryId entry = run.first; entry < run.first + run.count; entry = entry + 1) {
      const auto known = ledger.entries.find(entry);
      if (known == ledger.entries.end() || known->second.candidates.empty()) {
        return Violate(id, entry, "listed, although nobody wrote it");
      }
    }
  }
}

void Oracle::Delete(LedgerId ledger) {
  ledgers_[ledger].delete_asked = true;
}

void Oracle::Saw(const protocol::BookieStatus& status) {
  if (status.journal_lsn < journal_lsn_) {
    Violate("the journal went back from record " + std::to_string(journal_lsn_) + " to " +
            std::to_string(status.journal_lsn));
  }
  if (status.stored_lsn < stored_lsn_ || status.stored_lsn > status.journal_lsn) {
    Violate("the index went from record " + std::to_string(stored_lsn_) + " to " +
            std::to_string(status.stored_lsn) + " of " + std::to_string(status.journal_lsn));
  }
  journal_lsn_ = std::max(journal_lsn_, status.journal_lsn);
  stored_lsn_ = std::max(stored_lsn_, status.stored_lsn);
}

void Oracle::Restarted() {
  faults_ = failed_ = false;
}

void Oracle::Measure(LedgerId id, const Ledger& ledger, const Found& found) {
  if (found.deleted && !ledger.delete_asked) Violate(id, "deleted, although nobody asked");
  if (ledger.deleted && !found.deleted) Violate(id, "the deletion is forgotten");
  if (found.deleted) return;
  if (ledger.known && !found.known) Violate(id, "unknown, although it was promised");
  if (ledger.fenced && !found.fenced && !ledger.limbo) Violate(id, "the fence is forgotten");
  if (found.fenced && !ledger.fence_asked) Violate(id, "fenced, although nobody asked");
  if (found.lac < ledger.lac && !ledger.limbo) Violate(id, "the LAC went back");
  if (found.lac > ledger.most_lac) Violate(id, "a LAC that nobody wrote");
  for (const auto& [entry, bytes] : found.entries) {
    const auto known = ledger.entries.find(entry);
    if (known == ledger.entries.end() || known->second.candidates.empty()) {
      Violate(id, entry, "is there, although nobody wrote it or its absence was promised");
    } else if (Find(known->second, bytes) == nullptr) {
      Violate(id, entry, "has bytes that nobody wrote");
    } else if (protocol::PeekEntryHeader(bytes).lac > found.lac && !ledger.limbo) {
      Violate(id, entry, "carries a higher LAC than the ledger");
    }
  }
  for (const auto& [entry, state] : ledger.entries) {
    if (state.promised && !found.entries.contains(entry)) {
      Violate(id, entry, "is lost, although it was acknowledged");
    }
  }
}

void Oracle::Settle(LedgerId id, Found found) {
  Ledger& ledger = ledgers_[id];
  Measure(id, ledger, found);
  Ledger now;
  now.known = found.known;
  now.limbo = ledger.limbo;
  now.fence_asked = now.fenced = found.fenced;
  now.delete_asked = ledger.delete_asked;  // by the cluster, which does not forget
  now.buried = now.deleted = found.deleted;
  now.lac = now.most_lac = found.lac;
  if (ledger.limbo) {  // it does not tell
    now.fence_asked = ledger.fence_asked;
    now.fenced = ledger.fenced;
    now.lac = ledger.lac;
    now.most_lac = ledger.most_lac;
  }
  for (auto& [entry, bytes] : found.entries) {
    const auto known = ledger.entries.find(entry);
    const Candidate* same = known == ledger.entries.end() ? nullptr : Find(known->second, bytes);
    if (same == nullptr) continue;  // a violation
    now.entries[entry] = {.candidates = {{.bytes = same->bytes}}, .promised = true};
  }
  ledger = std::move(now);
}

}  // namespace quire::crash
