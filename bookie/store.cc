#include "bookie/store.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "bookie/compactor.h"
#include "bookie/read_scheduler.h"
#include "bookie/scrubber.h"
#include "bookie/store_core.h"
#include "bookie/store_flusher.h"
#include "bookie/write_cache_halves.h"
#include "common/check.h"
#include "common/single_job.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::EntryAnswer;
using protocol::EntryId;
using protocol::EntryRun;
using protocol::LedgerId;

namespace {

std::unexpected<common::Error> FailLostIndex(const std::string& path, std::size_t segments) {
  return Fail(Errc::kCorrupt,
              "index " + path + " is missing or empty, beside " + std::to_string(segments) +
                  " segment files, and this is no new bookie. Put the newest index back, or make "
                  "one from what is left with 'quire disk rebuild-index': then nothing that this "
                  "bookie acknowledged is denied");
}

// Makes files and index agree: what the index needs must be there, what it does not know goes.
// Gives the id of the next segment, above any that a file ever had.
Result<SegmentId> CheckSegments(StoreCore& core, const StoreOptions& options) {
  const auto files = core.files.List();
  if (!files) return Fail(files.error());
  const std::string& path = core.disk.path();
  if (core.index->created() && (!options.may_begin || !files->empty())) {
    return FailLostIndex(options.index_path, files->size());
  }
  for (const auto& [id, space] : core.index->segments()) {
    if (!std::ranges::binary_search(*files, id)) {
      return Fail(Errc::kCorrupt, path + "/" + SegmentName(id) +
                                      " is missing and the index needs it; put it back (it may "
                                      "be there as .quarantined), or keep this directory as it is "
                                      "and give the daemon a new, empty one");
    }
    core.files.Add(id);
  }
  // A crash came before the commit that would have named it, or between a commit and the quarantine
  // of what it left dead; or the index is an older copy, and then this must not be lost.
  std::vector<SegmentId> unknown;
  for (const SegmentId id : *files) {
    if (!core.files.Has(id)) unknown.push_back(id);
  }
  QUIRE_TRY(core.quarantine.Take(unknown));
  const SegmentId above = std::max(files->empty() ? 0 : files->back(), core.quarantine.last()) + 1;
  return std::max(core.index->record().next_segment, above);
}

class StoreImpl final : public Store {
 public:
  StoreImpl(common::Loop& loop, common::Worker& flush_worker, std::vector<common::Worker*> readers,
            const StoreOptions& options, std::shared_ptr<StoreCore> core, SegmentId next_segment)
      : core_(std::move(core)),
        cache_(options.cache_bytes),
        reads_(loop, std::move(readers), core_, cache_, options.read_cache_bytes),
        flusher_({.loop = loop, .worker = flush_worker, .core = core_, .cache = cache_},
                 next_segment),
        compactor_({.loop = loop,
                    .flush_worker = flush_worker,
                    .core = core_,
                    .take_segment_id = [this] { return flusher_.TakeSegmentId(); },
                    .committed = [this](const StoreCommitted& done) { flusher_.Compacted(done); },
                    .failed = [this](const common::Error& error) { flusher_.IndexFailed(error); }},
                   options.compaction),
        scrubber_({.loop = loop,
                   .core = core_,
                   .segment_bytes = [this] { return flusher_.stats().segment_bytes; }},
                  options.scrub),
        end_quarantine_(flush_worker) {}

  ~StoreImpl() override { core_->stopped = true; }

  Lsn stored() const override { return flusher_.stored(); }
  LedgerId limbo_floor() const override { return core_->index->record().limbo_floor; }
  Result<void> SetLimboFloor(LedgerId floor) override {
    CommitRecord record = core_->index->record();
    record.limbo_floor = floor;
    return Record(record);
  }
  Lsn undeleted_below() const override { return core_->index->record().undeleted_below; }
  Result<void> SetUndeletedBelow(Lsn lsn) override {
    CommitRecord record = core_->index->record();
    record.undeleted_below = lsn;
    return Record(record);
  }
  LedgerStates TakeLedgers() override { return core_->index->TakeStates(); }
  Tombstones TakeTombstones() override { return core_->index->TakeTombstones(); }

  void Add(LedgerId ledger, EntryId entry, std::string_view bytes, Copies copies) override {
    cache_.Add(ledger, entry, bytes, copies);
  }
  bool Full() const override { return cache_.active_full() && cache_.has_frozen(); }
  bool WantsFlush() const override { return cache_.active_full(); }

  std::optional<std::string_view> FindCached(LedgerId ledger, EntryId entry) override {
    return reads_.Find(ledger, entry);
  }
  void Read(LedgerId ledger, std::vector<EntryId> entries, std::size_t max_bytes,
            common::Callback<std::vector<EntryAnswer>> done) override {
    reads_.Read(ledger, std::move(entries), max_bytes, std::move(done));
  }
  void NoteRead(LedgerId ledger, EntryId first, EntryId end, std::uint64_t bytes,
                EntryId last) override {
    reads_.Note({.ledger = ledger, .first = first, .end = end}, bytes, last);
  }
  void List(LedgerId ledger, EntryId from, std::size_t max_runs,
            common::Callback<Result<std::vector<EntryRun>>> done) override {
    reads_.List(ledger, from, max_runs, std::move(done));
  }

  void Flush(Commit commit, common::Callback<Result<void>> done) override {
    for (const LedgerId ledger : commit.dropped) reads_.Forget(ledger);
    flusher_.Flush(std::move(commit), std::move(done));
  }
  void JournalDurable(Lsn lsn) override { flusher_.JournalDurable(lsn); }
  bool flushing() const override { return flusher_.flushing(); }
  void JournalWrote(common::Duration took) override { compactor_.JournalWrote(took); }

  void EndQuarantine(std::uint64_t bytes) override;

  Compactor* compactor() override { return &compactor_; }
  Scrubber* scrubber() override { return &scrubber_; }

  StoreStats stats() const override {
    StoreStats stats = flusher_.stats();
    stats.cache_bytes = cache_.memory();
    stats.read_cache_bytes = reads_.prefetcher().cache_bytes();
    stats.prefetched_bytes = reads_.prefetcher().loaded_bytes();
    stats.unwanted_bytes = reads_.prefetcher().wasted_bytes();
    stats.quarantine = core_->quarantine.stats();
    return stats;
  }

 private:
  Result<void> Record(const CommitRecord& record) {
    QUIRE_TRY(core_->index->Begin().Finish(record));
    return {};
  }

  const std::shared_ptr<StoreCore> core_;

  // Loop thread.
  CacheHalves cache_;
  ReadScheduler reads_;
  StoreFlusher flusher_;
  Compactor compactor_;
  Scrubber scrubber_;
  common::SingleJob end_quarantine_;
};

// A disk on which nothing can be removed is found out by the next flush.
void StoreImpl::EndQuarantine(std::uint64_t bytes) {
  compactor_.SetSpaceShort(bytes > 0);
  const Quarantine& quarantine = core_->quarantine;
  const bool wanted = bytes > 0 && quarantine.stats().bytes > 0;
  if (!wanted && !quarantine.something_due()) return;
  end_quarantine_.Submit([core = core_, bytes] {
    if (core->stopped) return;
    std::ignore = core->quarantine.Expire();
    std::ignore = core->quarantine.Release(bytes);
  });
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(common::Disk& disk, common::Loop& loop,
                                           common::Worker& flush_worker,
                                           std::vector<common::Worker*> readers,
                                           const StoreOptions& options) {
  QUIRE_CHECK(!readers.empty());
  if (!options.may_begin && !IndexDb::Exists(options.index_path, options.index_env)) {
    const auto files = SegmentFiles(disk).List();
    if (!files) return Fail(files.error());
    return FailLostIndex(options.index_path, files->size());
  }
  auto index =
      Index::Open(options.index_path, options.index_env, options.index_bytes, options.bookie);
  if (!index) return Fail(std::move(index).error());
  auto core =
      std::make_shared<StoreCore>(disk, std::move(*index), options.quarantine, options.make_room);
  QUIRE_TRY(core->quarantine.Load());
  const auto next_segment = CheckSegments(*core, options);
  if (!next_segment) return Fail(next_segment.error());
  // From now on an index without a commit record, or none beside segments, is one that was lost.
  // Not before the segments were looked at: the next start would take them for leftovers.
  if (core->index->created()) QUIRE_TRY(core->index->Begin().Finish(core->index->record()));
  return std::make_unique<StoreImpl>(loop, flush_worker, std::move(readers), options,
                                     std::move(core), *next_segment);
}

}  // namespace quire::bookie
