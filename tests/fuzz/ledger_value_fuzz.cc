// A ledger's record in the metadata store. Input: the value.

#include <string>
#include <utility>

#include "common/check.h"
#include "metadata/ledger_metadata.h"
#include "metadata/metadata_store.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/value_bounds.h"

namespace quire::fuzz {
namespace {

using metadata::LedgerMetadata;
using metadata::LedgerState;

// The rules of protocol 1.1, said once more.
void CheckStructure(const LedgerMetadata& ledger) {
  QUIRE_CHECK(ledger.Check().has_value() && ledger.replication.Check().has_value());
  QUIRE_CHECK(ledger.id.value() >= 0);
  QUIRE_CHECK(ledger.state >= LedgerState::kOpen && ledger.state <= LedgerState::kDeleted);
  QUIRE_CHECK(!ledger.segments.empty() && ledger.segments.begin()->first.value() == 0);
  for (const auto& [first, ensemble] : ledger.segments) {
    QUIRE_CHECK(std::cmp_equal(ensemble.size(), ledger.replication.ensemble));
    QUIRE_CHECK(ledger.EnsembleOf(first) == ensemble);
  }
  const bool live = ledger.state == LedgerState::kOpen || ledger.state == LedgerState::kInRecovery;
  QUIRE_CHECK(!live || ledger.last_entry == protocol::kNoEntry);
  QUIRE_CHECK(ledger.last_entry >= protocol::kNoEntry && ledger.length >= 0);
  if (ledger.state == LedgerState::kClosed) {
    QUIRE_CHECK(ledger.LastSegmentFirst() <= ledger.last_entry + 1);
  }
}

}  // namespace

void Run(std::string_view input) {
  const AllocationMeter meter;
  const auto ledger = metadata::DecodeLedger(input);
  QUIRE_CHECK(meter.peak() <= kValueHeapAnyway + kValueHeapPerByte * input.size());
  if (!ledger) {
    const common::Errc code = ledger.error().code();
    QUIRE_CHECK(code == common::Errc::kCorrupt || code == common::Errc::kUnsupported);
    return;
  }
  CheckStructure(*ledger);
  const std::string written = metadata::EncodeLedger(*ledger);
  const auto again = metadata::DecodeLedger(written);
  QUIRE_CHECK(again && *again == *ledger);
  QUIRE_CHECK(metadata::EncodeLedger(*again) == written);
  // Whether one record may follow another is asked before every write: also of what was read.
  const bool same = metadata::CheckTransition(*ledger, *again).has_value();
  QUIRE_CHECK(same == (ledger->state != LedgerState::kDeleted));
}

}  // namespace quire::fuzz
