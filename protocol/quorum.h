#pragma once

#include <bit>
#include <cstdint>

#include "common/error.h"
#include "protocol/ids.h"

namespace quire::protocol {

// E, Qw and Qa of a ledger, fixed for its life (protocol 1.0).
struct Replication {
  int ensemble = 3;
  int write_quorum = 2;
  int ack_quorum = 2;

  auto operator<=>(const Replication&) const = default;

  // kInvalidArgument with a line for the caller unless kMaxEnsembleSize >= E >= Qw >= Qa >= 1.
  common::Result<void> Check() const;
};

// A set of ensemble slots as a bit mask.
class SlotSet {
 public:
  constexpr void Insert(int slot) { bits_ |= 1U << slot; }
  constexpr void Erase(int slot) { bits_ &= ~(1U << slot); }
  constexpr bool Contains(int slot) const { return (bits_ >> slot & 1U) != 0; }
  constexpr int size() const { return std::popcount(bits_); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const SlotSet&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

// The i-th slot, 0 <= i < Qw, of the write set of an entry. 64-bit arithmetic throughout.
constexpr int WriteSetSlot(const Replication& r, EntryId entry, int i) {
  return static_cast<int>((entry.value() + i) % r.ensemble);
}

constexpr bool InWriteSet(const Replication& r, EntryId entry, int slot) {
  const auto first = static_cast<int>(entry.value() % r.ensemble);
  return (slot - first + r.ensemble) % r.ensemble < r.write_quorum;
}

// So many certain denials prove that an entry cannot have been acknowledged (QC).
constexpr int NegativeQuorum(const Replication& r) {
  return r.write_quorum - r.ack_quorum + 1;
}

// True when fewer than Qa slots of every write set are unknown, so that no entry can hide from us
// (EC). `known` holds the slots that answered OK, NO_ENTRY or NO_LEDGER, never the rest (T-02).
bool Covered(const Replication& r, SlotSet known);

}  // namespace quire::protocol
