#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/random.h"
#include "protocol/ids.h"
#include "protocol/uuid.h"

namespace quire::simulation {

// One change of one ledger of a SimpleBookie.
struct SimpleRecord {
  enum class Kind : std::uint8_t { kEntry, kFence, kLac, kLimbo, kDelete };
  Kind kind = Kind::kEntry;
  protocol::LedgerId ledger;
  protocol::LedgerKey key = {};
  protocol::EntryId entry = protocol::kNoEntry;  // of kEntry
  protocol::EntryId lac = protocol::kNoEntry;    // of kEntry and kLac
  std::string bytes = {};                        // of kEntry
};

// What of a SimpleBookie outlives its process: a journal that is never trimmed. A crash keeps what
// was synced and, by chance, some first ones of the other records.
class SimpleDisk {
 public:
  // Counts records from 1: after Append it is the number of the new record.
  using Lsn = std::size_t;

  Lsn Append(SimpleRecord record) {
    records_.push_back(std::move(record));
    return last();
  }
  void SyncTo(Lsn lsn) { synced_ = lsn; }
  void Crash(common::Random& random) {
    records_.resize(synced_ + common::Below(random, last() - synced_ + 1));
    synced_ = last();
  }

  // Between two processes: loses each entry of the ledger with even chance and notes it for good.
  // False: it has nothing of the ledger.
  bool Lose(protocol::LedgerId ledger, common::Random& random) {
    const auto of_ledger = [&](const SimpleRecord& record) { return record.ledger == ledger; };
    const auto first = std::ranges::find_if(records_, of_ledger);
    if (first == records_.end()) return false;
    const protocol::LedgerKey key = first->key;
    std::erase_if(records_, [&](const SimpleRecord& record) {
      return of_ledger(record) && record.kind == SimpleRecord::Kind::kEntry &&
             common::Below(random, 2) == 0;
    });
    records_.push_back({.kind = SimpleRecord::Kind::kLimbo, .ledger = ledger, .key = key});
    synced_ = last();
    return true;
  }

  const SimpleRecord& at(Lsn lsn) const { return records_[lsn - 1]; }
  Lsn last() const { return records_.size(); }
  Lsn synced() const { return synced_; }

 private:
  std::vector<SimpleRecord> records_;
  Lsn synced_ = 0;
};

}  // namespace quire::simulation
