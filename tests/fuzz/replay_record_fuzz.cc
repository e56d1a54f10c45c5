// The records of a journal, applied to the ledgers of a bookie. Input: records one behind the
// other, each a type, a byte that says whether checksums inside are made right first (odd), a
// length byte and the payload.

#include <map>
#include <string>
#include <utility>

#include "bookie/replay.h"
#include "common/check.h"
#include "protocol/entry.h"
#include "tests/bookie/manual_loop.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/replay_store.h"

namespace quire::fuzz {
namespace {

using bookie::LedgerState;
using bookie::RecordType;
using protocol::LedgerId;

constexpr std::size_t kKeyBytes = 16;

std::string WithChecksum(RecordType type, std::string payload) {
  if (payload.size() < kKeyBytes) return payload;
  std::string inner = payload.substr(kKeyBytes);
  if (type == RecordType::kEntry && inner.size() >= protocol::kEntryOverheadBytes) {
    protocol::SealEntry(protocol::PeekEntryHeader(inner), inner);
  } else if (type == RecordType::kLac && inner.size() == protocol::kLacRecordBytes) {
    inner = protocol::EncodeLac(LedgerId(common::LoadBig<std::int64_t>(inner.data())),
                                protocol::EntryId(common::LoadBig<std::int64_t>(&inner[8])));
  }
  return payload.substr(0, kKeyBytes) + inner;
}

// A ledger's state only moves forward (protocol 1.3).
void CheckMonotone(const std::map<LedgerId, LedgerState>& before, bookie::LedgerTable& ledgers) {
  for (const auto& [ledger, old] : before) {
    const LedgerState& now = ledgers.Find(ledger)->state;
    QUIRE_CHECK(now.fenced >= old.fenced && now.deleted >= old.deleted);
    QUIRE_CHECK(old.key.is_nil() || now.key == old.key);
    if (now.deleted) {
      QUIRE_CHECK(now.last_entry == protocol::kNoEntry && now.lac == protocol::kNoEntry);
    } else {
      QUIRE_CHECK(now.last_entry >= old.last_entry && now.lac >= old.lac);
    }
  }
}

std::map<LedgerId, LedgerState> States(bookie::LedgerTable& ledgers) {
  std::map<LedgerId, LedgerState> states;
  bookie::LedgerWalk walk;
  while (ledgers.Step(walk)) {
  }
  for (const auto* ids : {&walk.there, &walk.deleted}) {
    for (const LedgerId id : *ids) states.emplace(id, ledgers.Find(id)->state);
  }
  return states;
}

}  // namespace

void Run(std::string_view input) {
  bookie::ManualLoop loop;
  bookie::StagedLoop staged(loop);
  bookie::LedgerTable ledgers;
  ReplayStore store;
  bookie::Replay replay(ledgers, store, staged);
  bookie::Lsn lsn = 0;
  for (Input in(input); !in.empty();) {
    const auto type = static_cast<RecordType>(in.Byte());
    const bool seal = in.Byte() % 2 == 1;
    const std::string given(in.Short());
    const std::string payload = seal ? WithChecksum(type, given) : given;
    const auto before = States(ledgers);
    const std::size_t adds = store.adds();
    const auto applied = replay.Apply(++lsn, type, payload);
    CheckMonotone(before, ledgers);
    if (!applied) {
      const common::Errc code = applied.error().code();
      QUIRE_CHECK(code == common::Errc::kCorrupt || code == common::Errc::kUnsupported);
      return;
    }
    if (type != RecordType::kEntry) continue;
    // An entry that was applied is there as it was written, unless its ledger was deleted or had
    // the entry before.
    const std::string_view bytes = std::string_view(payload).substr(kKeyBytes);
    const auto header = protocol::VerifyEntry(bytes);
    QUIRE_CHECK(header.has_value());
    const LedgerState& state = ledgers.Find(header->ledger)->state;
    const auto cached = store.FindCached(header->ledger, header->entry);
    QUIRE_CHECK(state.deleted || (cached && state.last_entry >= header->entry));
    if (store.adds() > adds) QUIRE_CHECK(cached == bytes);
  }
  QUIRE_CHECK(replay.records() == lsn);
}

}  // namespace quire::fuzz
