#pragma once

#include "metadata/ledger_metadata.h"

namespace quire::metadata {

inline protocol::BookieId SampleBookie(std::uint64_t n) {
  return {0xb00c1e, n};
}

// An open ledger over the bookies 1, 2 and 3.
inline LedgerMetadata SampleLedger() {
  LedgerMetadata ledger;
  ledger.id = protocol::LedgerId(42);
  ledger.key = {7, 8};
  ledger.replication = {3, 2, 2};
  ledger.segments[protocol::EntryId(0)] = {SampleBookie(1), SampleBookie(2), SampleBookie(3)};
  ledger.created_ms = 1'700'000'000'000;
  ledger.custom = {{"name", "first"}, {"bytes", std::string("\0\xff", 2)}};
  ledger.writer = {1, 2};
  ledger.writer_op = 3;
  return ledger;
}

}  // namespace quire::metadata
