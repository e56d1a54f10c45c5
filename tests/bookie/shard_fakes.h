#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bookie/journal.h"
#include "bookie/shard_options.h"
#include "bookie/store.h"

namespace quire::bookie {

// What survives a crash of a shard that runs on FakeJournal and FakeStore.
struct FakeMedia {
  struct Record {
    Lsn lsn;
    RecordType type;
    std::string payload;
  };
  std::vector<Record> records;  // appended and not trimmed
  Lsn durable = 0;              // of them, what a crash keeps
  Lsn last = 0;
  Lsn stored = 0;
  Store::LedgerStates states;
  Tombstones tombstones;
  protocol::LedgerId limbo_floor{0};
  Lsn undeleted_below = 0;
  std::map<protocol::LedgerId, std::map<protocol::EntryId, std::string>> entries;
  std::set<std::pair<protocol::LedgerId, protocol::EntryId>> rotten;  // of them
};

// A journal whose durability the test moves by hand.
class FakeJournal final : public Journal {
 public:
  FakeJournal(FakeMedia& media, Events events) : events(std::move(events)), media_(media) {}

  Lsn Append(RecordType type, std::span<const std::string_view> parts) override {
    std::string payload;
    for (const std::string_view part : parts) payload += part;
    media_.records.push_back({++media_.last, type, std::move(payload)});
    return media_.last;
  }
  void Kick() override {
    ++kicks;
    kicked = media_.last;
  }
  void Trim(Lsn stored) override {
    std::erase_if(media_.records, [&](const auto& record) { return record.lsn <= stored; });
  }
  Lsn last() const override { return media_.last; }
  Lsn durable() const override { return media_.durable; }
  std::uint64_t queued_bytes() const override { return queued; }
  std::uint64_t live_bytes() const override { return live; }

  // Only what was kicked can become durable.
  void MakeDurable(Lsn lsn) {
    if (lsn > kicked) lsn = kicked;
    if (lsn <= media_.durable) return;
    media_.durable = lsn;
    events.durable(lsn);
  }
  void MakeAllDurable() { MakeDurable(media_.last); }

  Events events;
  Lsn kicked = 0;
  int kicks = 0;
  std::uint64_t queued = 0;
  std::uint64_t live = 0;

 private:
  FakeMedia& media_;
};

// A store in memory: `cached` is the write cache, FakeMedia::entries the segments. Reads and
// flushes answer in later turns of the loop.
class FakeStore final : public Store {
 public:
  FakeStore(FakeMedia& media, common::Loop& loop, common::Worker& reader)
      : media_(media), loop_(loop), reader_(reader) {}

  Lsn stored() const override { return media_.stored; }
  LedgerStates TakeLedgers() override { return media_.states; }
  Tombstones TakeTombstones() override { return media_.tombstones; }
  protocol::LedgerId limbo_floor() const override { return media_.limbo_floor; }
  common::Result<void> SetLimboFloor(protocol::LedgerId floor) override {
    media_.limbo_floor = floor;
    return {};
  }
  Lsn undeleted_below() const override { return media_.undeleted_below; }
  common::Result<void> SetUndeletedBelow(Lsn lsn) override {
    media_.undeleted_below = lsn;
    return {};
  }
  void Add(protocol::LedgerId ledger, protocol::EntryId entry, std::string_view bytes,
           Copies copies) override;
  bool Full() const override { return full; }
  bool WantsFlush() const override {
    return !flushing_ && (flush_once || cached_entries >= flush_at);
  }
  std::optional<std::string_view> FindCached(protocol::LedgerId ledger,
                                             protocol::EntryId entry) override;
  void Read(protocol::LedgerId ledger, std::vector<protocol::EntryId> entries,
            std::size_t max_bytes,
            common::Callback<std::vector<protocol::EntryAnswer>> done) override;
  void List(protocol::LedgerId ledger, protocol::EntryId from, std::size_t max_runs,
            common::Callback<common::Result<std::vector<protocol::EntryRun>>> done) override;
  void Flush(Commit commit, common::Callback<common::Result<void>> done) override;
  void JournalDurable(Lsn lsn) override;
  bool flushing() const override { return flushing_; }
  StoreStats stats() const override { return {}; }

  bool full = false;
  bool flush_once = false;
  std::size_t flush_at = static_cast<std::size_t>(-1);
  std::size_t cached_entries = 0;
  bool unreadable = false;                    // reads answer kUnknown
  std::optional<common::Error> fail_flushes;  // and lose nothing
  std::vector<Commit> commits;                // asked for, also those that failed
  int reads = 0;

 private:
  void TryFinish();

  FakeMedia& media_;
  common::Loop& loop_;
  common::Worker& reader_;
  std::map<protocol::LedgerId, std::map<protocol::EntryId, std::string>> cached_;
  std::map<protocol::LedgerId, std::map<protocol::EntryId, std::string>> frozen_;
  bool flushing_ = false;
  Lsn durable_ = 0;
  Lsn gate_ = 0;
  bool retry_ = false;  // the last flush failed
  Commit commit_;
  common::Callback<common::Result<void>> flushed_;
};

// The fakes as a Storage. Both pointers are those of the shard opened last.
struct FakeStorage {
  FakeMedia media;
  FakeStore* store = nullptr;
  FakeJournal* journal = nullptr;
  std::size_t flush_at = static_cast<std::size_t>(-1);  // of the stores made from now on
  std::optional<common::Error> fail_open;

  Storage storage();
  // The process dies: records that are not durable are gone.
  void Crash();
};

}  // namespace quire::bookie
