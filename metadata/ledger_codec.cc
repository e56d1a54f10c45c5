#include <cstring>
#include <utility>

#include "metadata/ledger_metadata.h"
#include "metadata/value_codec.h"
#include "protocol/wire/metadata_types.h"

namespace quire::metadata {
namespace {

namespace wire = protocol::wire;
using common::Errc;
using common::Fail;
using protocol::EntryId;

// The end of the ledger is stored once it is known, and kept when the ledger is deleted.
bool StoresEnd(LedgerState state) {
  return state == LedgerState::kClosed || state == LedgerState::kDeleted;
}

// Thrift stores any number from the wire in its enum; such an object can be copied as bytes, but
// not read as the enum it is not. Ours has a fixed type, and Check() refuses what it does not know.
LedgerState ReadState(const wire::LedgerState::type& in) {
  static_assert(sizeof(in) == sizeof(LedgerState));
  LedgerState state{};
  std::memcpy(&state, &in, sizeof(state));
  return state;
}

common::Result<std::map<EntryId, Ensemble>> ReadSegments(
    const std::vector<wire::Segment>& segments) {
  std::map<EntryId, Ensemble> result;
  for (const wire::Segment& segment : segments) {
    Ensemble ensemble;
    for (const std::string& bytes : segment.ensemble) {
      const auto bookie = protocol::FromBytes<protocol::BookieId>(bytes);
      if (!bookie) return Fail(Errc::kCorrupt, "bookie id is not of 16 bytes");
      ensemble.push_back(*bookie);
    }
    const EntryId first(segment.first_entry);
    if (!result.empty() && first <= result.rbegin()->first) {
      return Fail(Errc::kCorrupt, "segments are not in ascending order");
    }
    result.emplace_hint(result.end(), first, std::move(ensemble));
  }
  return result;
}

common::Result<LedgerMetadata> FromWire(wire::Ledger& in) {
  LedgerMetadata out;
  out.id = protocol::LedgerId(in.ledger_id);
  const auto key = protocol::FromBytes<protocol::LedgerKey>(in.key);
  const auto writer = protocol::FromBytes<protocol::WriterId>(in.writer);
  if (!key || !writer) return Fail(Errc::kCorrupt, "key or writer is not of 16 bytes");
  out.key = *key;
  out.replication = {in.ensemble_size, in.write_quorum, in.ack_quorum};
  out.state = ReadState(in.state);
  const bool ends = StoresEnd(out.state);
  if (in.__isset.last_entry != ends || in.__isset.length != ends) {
    return Fail(Errc::kCorrupt,
                ends ? "a closed ledger without its end" : "an end in a ledger that is not closed");
  }
  if (in.__isset.deleted_ms != (out.state == LedgerState::kDeleted)) {
    return Fail(Errc::kCorrupt, "the time of deletion does not fit the state");
  }
  if (ends) {
    out.last_entry = EntryId(in.last_entry);
    out.length = in.length;
  }
  auto segments = ReadSegments(in.segments);
  if (!segments) return Fail(std::move(segments).error());
  out.segments = *std::move(segments);
  out.created_ms = in.created_ms;
  out.custom = std::move(in.custom);
  out.writer = *writer;
  out.writer_op = in.writer_op;
  out.recovery_claims = in.recovery_claims;
  if (in.__isset.deleted_ms) out.deleted_ms = in.deleted_ms;
  QUIRE_TRY(out.Check());
  return out;
}

}  // namespace

std::string EncodeLedger(const LedgerMetadata& ledger) {
  wire::Ledger out;
  out.ledger_id = ledger.id.value();
  out.key = protocol::ToBytes(ledger.key);
  out.ensemble_size = ledger.replication.ensemble;
  out.write_quorum = ledger.replication.write_quorum;
  out.ack_quorum = ledger.replication.ack_quorum;
  out.state = static_cast<wire::LedgerState::type>(static_cast<int>(ledger.state));
  for (const auto& [first, ensemble] : ledger.segments) {
    wire::Segment& segment = out.segments.emplace_back();
    segment.first_entry = first.value();
    for (const protocol::BookieId& bookie : ensemble) {
      segment.ensemble.push_back(protocol::ToBytes(bookie));
    }
  }
  if (StoresEnd(ledger.state)) {
    out.__set_last_entry(ledger.last_entry.value());
    out.__set_length(ledger.length);
  }
  out.created_ms = ledger.created_ms;
  if (!ledger.custom.empty()) out.__set_custom(ledger.custom);
  out.writer = protocol::ToBytes(ledger.writer);
  out.writer_op = ledger.writer_op;
  out.__set_recovery_claims(ledger.recovery_claims);
  if (ledger.state == LedgerState::kDeleted) out.__set_deleted_ms(ledger.deleted_ms);
  return EncodeValue(ValueKind::kLedger, out);
}

common::Result<LedgerMetadata> DecodeLedger(std::string_view value) {
  wire::Ledger ledger;
  QUIRE_TRY(DecodeValue(value, ValueKind::kLedger, ledger));
  return FromWire(ledger);
}

}  // namespace quire::metadata
