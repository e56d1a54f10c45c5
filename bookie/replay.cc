#include "bookie/replay.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "bookie/record_bytes.h"
#include "common/bytes.h"
#include "common/check.h"
#include "protocol/entry.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

constexpr std::size_t kIdBytes = 8;

// Both off the front of a record that was measured before.
protocol::LedgerKey KeyOf(std::string_view record) {
  common::ByteReader reader(record);
  const auto high = reader.Big<std::uint64_t>();
  const auto low = reader.Big<std::uint64_t>();
  QUIRE_CHECK(high && low);
  return {.high = *high, .low = *low};
}

LedgerId LedgerOf(std::string_view record) {
  const auto id = common::ByteReader(record).Big<std::int64_t>();
  QUIRE_CHECK(id);
  return LedgerId(*id);
}

}  // namespace

Result<void> Replay::Apply(Lsn lsn, RecordType type, std::string_view payload) {
  // Everything below this record is applied, so that is what a commit may claim.
  if (store_.WantsFlush() && !disk_full_) QUIRE_TRY(Flush(lsn - 1));
  ++records_;
  bytes_ += payload.size();
  Result<void> applied;
  switch (type) {
    case RecordType::kEntry: applied = Entry(payload); break;
    case RecordType::kFence: applied = Fence(payload); break;
    case RecordType::kLac: applied = Lac(payload); break;
    case RecordType::kTombstone: applied = Tombstone(lsn, payload); break;
    default: applied = Fail(Errc::kUnsupported, "unknown type " + std::to_string(int(type)));
  }
  if (!applied) {
    return Fail(applied.error().code(),
                "journal record " + std::to_string(lsn) + ": " + applied.error().context());
  }
  return {};
}

Result<void> Replay::Entry(std::string_view payload) {
  if (payload.size() < KeyBytes::kSize) return Fail(Errc::kCorrupt, "entry record too short");
  const std::string_view bytes = payload.substr(KeyBytes::kSize);
  const auto header = protocol::VerifyEntry(bytes);
  if (!header) return Fail(header.error());
  LedgerRecord& record = ledgers_.Get(header->ledger, KeyOf(payload));
  LedgerState& state = record.state;
  if (state.deleted || store_.FindCached(header->ledger, header->entry) == bytes) return {};
  store_.Add(header->ledger, header->entry, bytes, record.NoteStored(header->entry));
  state.lac = std::max(state.lac, header->lac);
  ledgers_.Changed(header->ledger, record);
  return {};
}

Result<void> Replay::Fence(std::string_view payload) {
  if (payload.size() != kIdBytes + KeyBytes::kSize) {
    return Fail(Errc::kCorrupt, "fence record of a wrong size");
  }
  const LedgerId ledger = LedgerOf(payload);
  LedgerRecord& record = ledgers_.Get(ledger, KeyOf(payload.substr(kIdBytes)));
  record.state.fenced = true;
  ledgers_.Changed(ledger, record);
  return {};
}

Result<void> Replay::Lac(std::string_view payload) {
  if (payload.size() != KeyBytes::kSize + protocol::kLacRecordBytes) {
    return Fail(Errc::kCorrupt, "LAC record of a wrong size");
  }
  const std::string_view bytes = payload.substr(KeyBytes::kSize);
  const LedgerId ledger = LedgerOf(bytes);
  const auto lac = protocol::VerifyLac(bytes, ledger);
  if (!lac) return Fail(lac.error());
  LedgerRecord& record = ledgers_.Get(ledger, KeyOf(payload));
  if (record.state.deleted) return {};
  record.state.lac = std::max(record.state.lac, *lac);
  ledgers_.Changed(ledger, record);
  return {};
}

Result<void> Replay::Tombstone(Lsn lsn, std::string_view payload) {
  if (payload.size() != kIdBytes) return Fail(Errc::kCorrupt, "tombstone of a wrong size");
  const LedgerId ledger = LedgerOf(payload);
  if (lsn < undeleted_below_) {
    ledgers_.PutInLimbo(ledger);
    return {};
  }
  ledgers_.Bury(ledger);
  dropped_.push_back(ledger);
  return {};
}

Result<void> Replay::Flush(Lsn lsn) {
  Result<void> outcome;
  bool done = false;
  store_.JournalDurable(lsn);  // it was read back from the journal
  store_.Flush(
      {.lsn = lsn, .states = ledgers_.TakeChanged(), .dropped = std::exchange(dropped_, {})},
      [&](Result<void> result) {
        outcome = std::move(result);
        done = true;
      });
  while (!done && loop_.Pump()) {
  }
  QUIRE_CHECK(done);
  disk_full_ = !outcome && outcome.error().code() == Errc::kDiskFull;
  if (disk_full_) return {};  // the store keeps what this commit carried
  return outcome;
}

}  // namespace quire::bookie
