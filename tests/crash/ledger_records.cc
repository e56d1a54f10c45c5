#include "tests/crash/ledger_records.h"

#include <utility>

#include "common/check.h"
#include "metadata/ledger_store.h"
#include "metadata/memory_store.h"
#include "metadata/registry.h"
#include "tests/bookie/manual_loop.h"

namespace quire::crash {

using metadata::LedgerMetadata;
using metadata::LedgerStore;
using protocol::LedgerId;

namespace {

std::shared_ptr<metadata::MemoryTree> NewCluster() {
  auto tree = std::make_shared<metadata::MemoryTree>();
  bookie::ManualLoop loop;
  metadata::MemoryStore store(loop, tree);
  metadata::InitCluster(store, LedgerRecords::kInstance, 1,
                        [](const common::Result<void>& made) { QUIRE_CHECK(made.has_value()); });
  loop.RunAll();
  return tree;
}

}  // namespace

LedgerRecords::LedgerRecords() : tree_(NewCluster()) {}

void LedgerRecords::CopyFrom(const LedgerRecords& other) {
  tree_ = NewCluster();
  begun_ = other.begun_;
  hidden_ = other.hidden_;
  for (const auto& [ledger, first] : begun_) {
    const std::string path = LedgerStore::Path(ledger);
    if (const auto record = other.tree_->Read(path)) {
      QUIRE_CHECK(tree_->Create(path, record->value, 0).has_value());
    }
  }
}

void LedgerRecords::Begin(LedgerId ledger, const protocol::LedgerKey& key) {
  if (begun_.contains(ledger)) return;
  LedgerMetadata record;
  record.id = ledger;
  record.key = key;
  record.replication = {.ensemble = 1, .write_quorum = 1, .ack_quorum = 1};
  record.segments[protocol::EntryId(0)] = {protocol::BookieId{.high = 1, .low = 2}};
  record.writer = {.high = 1, .low = 1};
  begun_[ledger] = metadata::EncodeLedger(record);
  QUIRE_CHECK(tree_->Create(LedgerStore::Path(ledger), begun_[ledger], 0).has_value());
}

void LedgerRecords::MarkDeleted(LedgerId ledger, std::int64_t now_ms) {
  const std::string path = LedgerStore::Path(ledger);
  const auto found = tree_->Read(path);
  if (!found) return;
  auto record = metadata::DecodeLedger(found->value);
  QUIRE_CHECK(record.has_value());
  record->state = metadata::LedgerState::kDeleted;
  record->deleted_ms = now_ms;
  const auto marked = tree_->CompareAndSet(path, metadata::EncodeLedger(*record), found->version);
  QUIRE_CHECK(marked.has_value());
}

void LedgerRecords::Erase(LedgerId ledger) {
  Hide(ledger);
  hidden_.erase(ledger);
}

void LedgerRecords::Hide(LedgerId ledger) {
  const std::string path = LedgerStore::Path(ledger);
  auto found = tree_->Read(path);
  if (!found) return;
  hidden_.emplace(ledger, std::move(found->value));
  QUIRE_CHECK(tree_->Delete(path, found->version).has_value());
}

void LedgerRecords::HideAll() {
  for (const auto& [ledger, first] : begun_) Hide(ledger);
}

void LedgerRecords::Show() {
  for (auto& [ledger, value] : std::exchange(hidden_, {})) {
    QUIRE_CHECK(tree_->Create(LedgerStore::Path(ledger), std::move(value), 0).has_value());
  }
}

void LedgerRecords::Restore() {
  Show();
  for (const auto& [ledger, first] : begun_) {
    const std::string path = LedgerStore::Path(ledger);
    if (!tree_->Read(path)) QUIRE_CHECK(tree_->Create(path, first, 0).has_value());
  }
}

}  // namespace quire::crash
