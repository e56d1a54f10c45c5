#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bookie/store.h"
#include "common/check.h"

namespace quire::fuzz {

// The part of a store that replay uses: a write cache that is full after a few entries and then
// flushed to nowhere. Holds the caller to the contract of Store.
class ReplayStore final : public bookie::Store {
 public:
  std::size_t adds() const { return adds_; }

  void Add(protocol::LedgerId ledger, protocol::EntryId entry, std::string_view bytes,
           bookie::Copies /*copies*/) override {
    QUIRE_CHECK(!WantsFlush());
    std::string& kept = cache_[{ledger, entry}];
    QUIRE_CHECK(kept != bytes);
    kept = bytes;
    ++adds_;
  }
  bool Full() const override { return false; }
  bool WantsFlush() const override { return cache_.size() >= kFlushAt; }
  std::optional<std::string_view> FindCached(protocol::LedgerId ledger,
                                             protocol::EntryId entry) override {
    const auto found = cache_.find({ledger, entry});
    return found == cache_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
  void Flush(Commit commit, common::Callback<common::Result<void>> done) override {
    QUIRE_CHECK(commit.lsn >= stored_ && commit.lsn <= durable_);
    stored_ = commit.lsn;
    cache_.clear();
    done({});
  }
  void JournalDurable(bookie::Lsn lsn) override { durable_ = lsn; }

  bookie::Lsn stored() const override { return stored_; }
  LedgerStates TakeLedgers() override { return {}; }
  bookie::Tombstones TakeTombstones() override { return {}; }
  protocol::LedgerId limbo_floor() const override { return {}; }
  common::Result<void> SetLimboFloor(protocol::LedgerId /*floor*/) override { return {}; }
  bookie::Lsn undeleted_below() const override { return 0; }
  common::Result<void> SetUndeletedBelow(bookie::Lsn /*lsn*/) override { return {}; }
  bool flushing() const override { return false; }
  bookie::StoreStats stats() const override { return {}; }

  // Replay asks for none of these.
  void Read(protocol::LedgerId, std::vector<protocol::EntryId>, std::size_t,
            common::Callback<std::vector<protocol::EntryAnswer>>) override {
    QUIRE_CHECK(false);
  }
  void List(protocol::LedgerId, protocol::EntryId, std::size_t,
            common::Callback<common::Result<std::vector<protocol::EntryRun>>>) override {
    QUIRE_CHECK(false);
  }

 private:
  static constexpr std::size_t kFlushAt = 5;

  std::map<std::pair<protocol::LedgerId, protocol::EntryId>, std::string> cache_;
  std::size_t adds_ = 0;
  bookie::Lsn stored_ = 0;
  bookie::Lsn durable_ = 0;
};

}  // namespace quire::fuzz
