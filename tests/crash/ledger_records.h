#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "metadata/ledger_metadata.h"
#include "metadata/memory_tree.h"
#include "protocol/ids.h"
#include "protocol/uuid.h"

namespace quire::crash {

// What the metadata store has of the ledgers. It outlives every life of the bookie, whose collector
// reads it and purges records in it.
class LedgerRecords {
 public:
  using LedgerId = protocol::LedgerId;

  static constexpr protocol::InstanceId kInstance{.high = 4, .low = 2};

  LedgerRecords();
  LedgerRecords(const LedgerRecords&) = delete;
  LedgerRecords& operator=(const LedgerRecords&) = delete;

  // No process runs on either.
  void CopyFrom(const LedgerRecords& other);
  const std::shared_ptr<metadata::MemoryTree>& tree() const { return tree_; }

  // The record of a ledger that begins, unless it ever had one.
  void Begin(LedgerId ledger, const protocol::LedgerKey& key);
  void MarkDeleted(LedgerId ledger, std::int64_t now_ms);
  // It is not there any more, and never will be.
  void Erase(LedgerId ledger);
  // It is not there for a while, although nobody deleted the ledger.
  void Hide(LedgerId ledger);
  void HideAll();
  void Show();
  // All are there again, as they began, but for those marked as deleted.
  void Restore();
  bool hidden() const { return !hidden_.empty(); }

 private:
  std::shared_ptr<metadata::MemoryTree> tree_;
  std::map<LedgerId, std::string> begun_;  // with the first record
  std::map<LedgerId, std::string> hidden_;
};

}  // namespace quire::crash
