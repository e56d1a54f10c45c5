#include "shard_fakes.h"

#include <algorithm>

#include "common/check.h"

namespace quire::bookie {

using protocol::Code;
using protocol::EntryAnswer;
using protocol::EntryId;
using protocol::LedgerId;

void FakeStore::Add(LedgerId ledger, EntryId entry, std::string_view bytes, Copies copies) {
  // The contract: the id is new, or its copy rotten.
  QUIRE_CHECK(!FindCached(ledger, entry));
  const auto& stored = media_.entries[ledger];
  QUIRE_CHECK(!stored.contains(entry) || media_.rotten.contains({ledger, entry}));
  const bool above = stored.lower_bound(entry) == stored.end() &&
                     cached_[ledger].lower_bound(entry) == cached_[ledger].end();
  QUIRE_CHECK(above || copies == Copies::kPerhaps);
  cached_[ledger][entry] = bytes;
  ++cached_entries;
}

std::optional<std::string_view> FakeStore::FindCached(LedgerId ledger, EntryId entry) {
  for (const auto* half : {&cached_, &frozen_}) {
    const auto found = half->find(ledger);
    if (found == half->end()) continue;
    const auto bytes = found->second.find(entry);
    if (bytes != found->second.end()) return bytes->second;
  }
  return std::nullopt;
}

void FakeStore::Read(LedgerId ledger, std::vector<EntryId> entries, std::size_t max_bytes,
                     common::Callback<std::vector<EntryAnswer>> done) {
  ++reads;
  reader_.Submit(
      [this, ledger, entries = std::move(entries), max_bytes, done = std::move(done)]() mutable {
        std::vector<EntryAnswer> answers;
        std::size_t bytes = 0;
        for (const EntryId id : entries) {
          EntryAnswer answer{.code = Code::kNoEntry, .bytes = {}};
          const auto& segment = media_.entries[ledger];
          if (unreadable) {
            answer.code = Code::kUnknown;
          } else if (const auto cached = FindCached(ledger, id)) {
            answer = {.code = Code::kOk, .bytes = std::string(*cached)};
          } else if (media_.rotten.contains({ledger, id})) {
            answer.code = Code::kCorrupt;
          } else if (const auto found = segment.find(id); found != segment.end()) {
            answer = {.code = Code::kOk, .bytes = found->second};
          }
          bytes += answer.bytes.size();
          answers.push_back(std::move(answer));
          if (bytes >= max_bytes) break;
        }
        loop_.Post([answers = std::move(answers), done = std::move(done)]() mutable {
          done(std::move(answers));
        });
      });
}

void FakeStore::List(LedgerId ledger, EntryId from, std::size_t max_runs,
                     common::Callback<common::Result<std::vector<protocol::EntryRun>>> done) {
  std::vector<EntryId> ids;
  for (const auto& [id, bytes] : media_.entries[ledger]) ids.push_back(id);
  for (const auto& [id, bytes] : cached_[ledger]) ids.push_back(id);
  std::ranges::sort(ids);
  std::vector<protocol::EntryRun> runs;
  for (const EntryId id : ids) {
    if (id < from) continue;
    if (!runs.empty() && runs.back().first + runs.back().count == id) {
      ++runs.back().count;
    } else if (runs.size() == max_runs) {
      break;
    } else {
      runs.push_back({.first = id, .count = 1});
    }
  }
  loop_.Post([runs = std::move(runs), done = std::move(done)]() mutable { done(std::move(runs)); });
}

void FakeStore::Flush(Commit commit, common::Callback<common::Result<void>> done) {
  QUIRE_CHECK(!flushing_);
  commits.push_back(commit);
  flush_once = false;
  flushing_ = true;
  gate_ = commit.lsn;
  if (retry_) {  // the same half again; only states and deletions join it
    std::ranges::move(commit.states, std::back_inserter(commit_.states));
    std::ranges::move(commit.dropped, std::back_inserter(commit_.dropped));
    std::ranges::move(commit.settled, std::back_inserter(commit_.settled));
  } else {
    QUIRE_CHECK(frozen_.empty());
    frozen_ = std::exchange(cached_, {});
    cached_entries = 0;
    commit_ = std::move(commit);
  }
  retry_ = fail_flushes.has_value();
  if (fail_flushes) {
    loop_.Post([this, done = std::move(done)]() mutable {
      flushing_ = false;
      done(common::Fail(*fail_flushes));
    });
    return;
  }
  flushed_ = std::move(done);
  TryFinish();
}

void FakeStore::JournalDurable(Lsn lsn) {
  durable_ = std::max(durable_, lsn);
  TryFinish();
}

void FakeStore::TryFinish() {
  if (!flushed_ || durable_ < gate_) return;
  loop_.Post([this, done = std::exchange(flushed_, nullptr)]() mutable {
    for (const auto& [ledger, entries] : std::exchange(frozen_, {})) {
      for (const auto& [id, bytes] : entries) {
        media_.entries[ledger][id] = bytes;
        media_.rotten.erase({ledger, id});
      }
    }
    for (const auto& [ledger, state] : commit_.states) media_.states[ledger] = state;
    for (const LedgerId ledger : commit_.dropped) media_.entries.erase(ledger);
    for (const LedgerId ledger : commit_.settled) {
      media_.states.erase(ledger);
      media_.tombstones.Insert(ledger);
    }
    media_.stored = commit_.lsn;
    flushing_ = false;
    done({});
  });
}

Storage FakeStorage::storage() {
  return {
      .open_store = [this](common::Disk&, common::Loop& loop, common::Worker&,
                           std::vector<common::Worker*> readers,
                           const StoreOptions&) -> common::Result<std::unique_ptr<Store>> {
        auto made = std::make_unique<FakeStore>(media, loop, *readers.front());
        made->flush_at = flush_at;
        store = made.get();
        return made;
      },
      .open_journal = [this](common::Disk&, common::Loop&, common::Worker&, const JournalOptions&,
                             Lsn stored, const Journal::Replay& replay,
                             Journal::Events events) -> common::Result<std::unique_ptr<Journal>> {
        if (fail_open) return common::Fail(*fail_open);
        const auto records = media.records;
        for (const auto& record : records) {
          if (record.lsn <= stored) continue;
          QUIRE_TRY(replay(record.lsn, record.type, record.payload));
        }
        auto made = std::make_unique<FakeJournal>(media, std::move(events));
        made->kicked = media.last;
        journal = made.get();
        return made;
      }};
}

void FakeStorage::Crash() {
  std::erase_if(media.records, [&](const auto& record) { return record.lsn > media.durable; });
  media.last = std::max(media.durable, media.stored);
  media.durable = media.last;
  store = nullptr;
  journal = nullptr;
}

}  // namespace quire::bookie
