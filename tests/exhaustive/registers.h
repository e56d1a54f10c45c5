#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "metadata/ledger_store.h"
#include "tests/exhaustive/configuration.h"

namespace quire::exhaustive {

// The name of the n-th bookie, and back.
protocol::BookieId BookieName(int n);
int BookieNumber(const protocol::BookieId& name);

// The number of a snapshot in Registers.
using RecordId = std::uint16_t;

// How a metadata update ended: the number of a snapshot in Registers, or an error.
class MetaOutcome {
 public:
  MetaOutcome() = default;
  static MetaOutcome Snapshot(RecordId id) { return MetaOutcome(id); }
  static MetaOutcome Failed(common::Errc code) {
    return MetaOutcome(static_cast<RecordId>(kErrors + static_cast<int>(code)));
  }
  static MetaOutcome FromNumber(std::uint16_t number) { return MetaOutcome(number); }

  bool ok() const { return number_ < kErrors; }
  RecordId snapshot() const { return number_; }
  common::Errc error() const { return static_cast<common::Errc>(number_ - kErrors); }
  std::uint16_t number() const { return number_; }

 private:
  static constexpr int kErrors = 0x8000;
  explicit MetaOutcome(std::uint16_t number) : number_(number) {}

  std::uint16_t number_ = 0;
};

// Every value with its version that the ledger's metadata record took in some world, by a small
// number. Number 0 is the ledger as it was created. Registers are told apart by value and version
// alone: who wrote one matters to the update loop only, and there the version says it.
class Registers {
 public:
  explicit Registers(const Configuration& configuration);

  RecordId IdOf(const metadata::VersionedLedger& ledger);
  const metadata::VersionedLedger& At(RecordId id) const { return all_[id]; }
  const metadata::LedgerMetadata& Value(RecordId id) const { return *all_[id].value; }
  bool Closed(RecordId id) const { return Value(id).state == metadata::LedgerState::kClosed; }
  // "version 2, closed at 1, segments 0: b0 b1 b2".
  std::string ToString(RecordId id) const;

  // One turn of the update loop of protocol 1.1 on the snapshot `local`.
  struct Attempt {
    bool swap = false;  // compare-and-swap to `outcome`; else the update ends with it
    MetaOutcome outcome;
    std::string illegal{};  // what CheckTransition says of the next value (I7)
  };
  Attempt Try(const metadata::LedgerUpdate& update, RecordId local);

 private:
  std::vector<metadata::VersionedLedger> all_;
  std::map<std::string, RecordId> by_value_;
};

}  // namespace quire::exhaustive
