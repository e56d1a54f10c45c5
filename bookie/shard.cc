#include "bookie/shard.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bookie/adds.h"
#include "bookie/ballast.h"
#include "bookie/checkpoint.h"
#include "bookie/compactor.h"
#include "bookie/limbo_floor.h"
#include "bookie/metrics_requests.h"
#include "bookie/reads.h"
#include "bookie/record_bytes.h"
#include "bookie/replay.h"
#include "bookie/replay_stage.h"
#include "bookie/scrubber.h"
#include "bookie/shard_core.h"
#include "bookie/space_watch.h"
#include "common/check.h"
#include "common/single_job.h"

namespace quire::bookie {

using common::Error;
using common::Result;
using protocol::Code;
using protocol::LedgerId;

// Destroyed from the end: what uses the core goes before it, the store before the stage it runs on.
struct Shard::Parts {
  const std::shared_ptr<ReplayStage> stage;
  ShardCore core;
  RequestMeter meter;
  Adds adds;
  Reads reads;
  Checkpoint checkpoint;
  SpaceWatch space;
  // Shared with the jobs that may give it up. Null: there is none.
  const std::shared_ptr<Ballast> ballast;
  common::SingleJob restore;
  Lsn replayed = 0;  // the last record that was there at the start

  Parts(common::Loop& loop, const ShardResources& resources, const ShardOptions& options,
        const Log& log, std::function<void(ShardMode)> mode, Checkpoint::Failed failed)
      : stage(std::make_shared<ReplayStage>(loop, resources.flush_worker, resources.readers)),
        core(loop, options, log, std::move(mode)),
        meter(loop, core.metrics),
        adds(core),
        reads(core),
        checkpoint(core, std::move(failed)),
        space(
            loop, *resources.readers.front(),
            {.disks = {&resources.journal_disk, &resources.store_disk},
             .min_free_bytes = options.min_free_bytes,
             .resume_bytes = options.resume_bytes(),
             .interval = options.space_interval},
            [this](bool low) { LowSpace(low); }, [this] { TendSpace(); }),
        ballast(resources.ballast_disk == nullptr
                    ? nullptr
                    : std::make_shared<Ballast>(*resources.ballast_disk, options.ballast_bytes)),
        restore(resources.flush_worker) {}

  // The quarantine goes before the bookie would become read-only; the ballast comes back only when
  // it does not bring that nearer.
  void TendSpace() {
    if (core.health.failed()) return;
    const std::uint64_t free = space.free_bytes();
    const std::uint64_t clear = core.options.clear_bytes();
    core.store->EndQuarantine(free < clear ? clear - free : 0);
    if (!ballast || ballast->held() || ballast->bytes() == 0) return;
    if (free < core.options.resume_bytes() + 2 * ballast->bytes()) return;
    restore.Submit([ballast = ballast, log = core.log] {
      if (ballast->Restore()) log.Info("set the ballast aside" + Size(*ballast));
    });
  }

  // What journal and store ask on their workers when the disk is full.
  std::function<bool()> RoomMaker() const {
    if (!ballast) return {};
    return [ballast = ballast, log = core.log] {
      if (!ballast->Release()) return false;
      log.Warning("the disk is full: gave up the ballast" + Size(*ballast) +
                  ", so that fences, recovery and deletions go on. Free space on this file system; "
                  "the ballast comes back by itself");
      return true;
    };
  }
  std::uint64_t held_ballast() const { return ballast && ballast->held() ? ballast->bytes() : 0; }
  static std::string Size(const Ballast& ballast) {
    return " of " + std::to_string(ballast.bytes() >> 20) + " MiB";
  }

  void JournalFull(bool full) {
    if (core.health.failed()) return;
    if (full) {
      core.log.Error(
          "the journal found the disk full and has no ballast left. Read-only, and fences wait, "
          "until there is room; nothing that was acknowledged is lost. Free space on this file "
          "system.");
      checkpoint.JournalFull();
    } else {
      core.log.Info("the journal has room again");
    }
    core.health.Set(ShardHealth::kJournalFull, full);
  }

  void LowSpace(bool low) {
    if (core.health.failed()) return;
    const std::string free = std::to_string(space.free_bytes() >> 20) + " MiB free";
    if (low) {
      core.log.Warning(
          free + ", below the minimum of " + std::to_string(core.options.min_free_bytes >> 20) +
          " MiB: read-only. Reads, fences and repairs go on; delete ledgers or give this "
          "file system more room.");
    } else {
      core.log.Info(free + ": enough again");
    }
    core.health.Set(ShardHealth::kLowSpace, low);
  }
};

Shard::Shard(common::Loop& loop, protocol::BookieId bookie, ShardResources resources,
             const ShardOptions& options, const Log& log, Events events)
    : bookie_(bookie),
      resources_(std::move(resources)),
      events_(std::move(events)),
      parts_(std::make_unique<Parts>(
          loop, resources_, options, log,
          [this](ShardMode mode) {
            if (started_ && events_.mode) events_.mode(mode);
          },
          [this](const Error& error) { Fail(error); })) {}

Shard::~Shard() {
  ReplayStage::Retire(parts_->stage);
}

Result<void> Shard::Open(const Storage& storage) {
  auto opened = OpenStorage(storage);
  // Also after a failure: what the store left on the staged loop must not be lost with its
  // callbacks.
  parts_->stage->GoLive();
  if (!opened) return opened;
  return parts_->space.Look();
}

Result<void> Shard::OpenStorage(const Storage& storage) {
  constexpr std::uint64_t kRecordsBetweenReports = 1024;
  ShardCore& core = parts_->core;
  ReplayStage& stage = *parts_->stage;
  StoreOptions store_options = core.options.store;
  store_options.compaction.worker = resources_.compaction_worker;
  store_options.compaction.report = [log = core.log](const std::string& line) { log.Info(line); };
  store_options.scrub.worker = resources_.compaction_worker;
  store_options.scrub.report = store_options.compaction.report;
  store_options.scrub.alarm = [log = core.log](const std::string& line) { log.Error(line); };
  store_options.bookie = bookie_;
  store_options.make_room = parts_->RoomMaker();
  JournalOptions journal_options = core.options.journal;
  journal_options.make_room = store_options.make_room;
  if (parts_->ballast) QUIRE_TRY(parts_->ballast->Load());
  const auto open_store = [&] {
    return storage.open_store(resources_.store_disk, stage.loop, stage.flush, stage.Readers(),
                              store_options);
  };
  auto store = open_store();
  if (!store && store.error().code() == common::Errc::kDiskFull && store_options.make_room &&
      store_options.make_room()) {
    store = open_store();
  }
  if (!store) return common::Fail(std::move(store).error());
  core.store = std::move(*store);
  core.ledgers.Load(core.store->TakeLedgers(), core.store->TakeTombstones(),
                    core.store->limbo_floor());

  Replay replay(core.ledgers, *core.store, stage.loop);
  const Lsn stored = core.store->stored();
  auto journal = storage.open_journal(
      resources_.journal_disk, core.loop, resources_.journal_worker, journal_options, stored,
      [&replay, &core](Lsn lsn, RecordType type, std::string_view payload) {
        if (replay.records() % kRecordsBetweenReports == 0)
          core.options.replaying(replay.records());
        return replay.Apply(lsn, type, payload);
      },
      {.durable =
           [this, alive = std::weak_ptr(core.alive)](Lsn lsn) {
             if (!alive.expired()) Durable(lsn);
           },
       .wrote = [&core](common::Duration took) { core.store->JournalWrote(took); },
       .failed =
           [this, alive = std::weak_ptr(core.alive)](const Error& error) {
             if (!alive.expired()) Fail(error);
           },
       .odd = [log = core.log](const std::string& line) { log.Warning(line); },
       .full =
           [this, alive = std::weak_ptr(core.alive)](bool full) {
             if (!alive.expired()) parts_->JournalFull(full);
           }});
  if (!journal) return common::Fail(std::move(journal).error());
  core.journal = std::move(*journal);
  // The mark was made with records that were not durable then and are gone: others come in their
  // place, and tombstones among them count.
  const Lsn next = core.journal->last() + 1;
  if (core.store->undeleted_below() > next) QUIRE_TRY(core.store->SetUndeletedBelow(next));
  core.store->JournalDurable(core.journal->durable());
  core.replies.Durable(core.journal->durable());
  core.bytes_since_flush = replay.bytes();
  for (const LedgerId ledger : replay.dropped()) parts_->checkpoint.Drop(ledger);
  parts_->replayed = core.journal->last();
  QUIRE_TRY(FixLimboFloor(core, resources_.new_ledger_id));
  core.log.Info("index up to record " + std::to_string(stored) + ", " +
                std::to_string(replay.records()) + " replayed from the journal up to record " +
                std::to_string(core.journal->last()) + ", " + std::to_string(core.ledgers.size()) +
                " ledgers");
  return {};
}

void Shard::Start() {
  started_ = true;
  parts_->space.Start();
  parts_->checkpoint.GiveBack();
  if (Compactor* compactor = parts_->core.store->compactor()) compactor->Start();
  if (Scrubber* scrubber = parts_->core.store->scrubber()) scrubber->Start();
}

void Shard::Stop(common::Callback<Result<void>> done) {
  parts_->core.polls.WakeAll();
  if (parts_->core.health.failed()) {
    return done(common::Fail(common::Errc::kShutdown, "the bookie had failed before"));
  }
  parts_->checkpoint.Finish(std::move(done));
}

void Shard::Durable(Lsn lsn) {
  parts_->core.store->JournalDurable(lsn);
  parts_->core.replies.Durable(lsn);
  if (!parts_->core.health.failed()) parts_->checkpoint.MaybeStart();
}

// After a failed disk, fences and ledgers in memory may be ahead of what is on it.
void Shard::Fail(const Error& error, std::string_view why, std::string_view advice) {
  ShardCore& core = parts_->core;
  if (core.health.failed()) return;
  core.log.Error("failed: " + error.ToString() + ". This bookie answers nothing any more; " +
                 std::string(advice) + ". What was acknowledged is in its journal and segments.");
  core.health.Fail(std::string(why) + "; see the log");
  core.replies.Fail();
  core.polls.WakeAll();
  parts_->checkpoint.Abandon(error);
}

void Shard::Add(std::span<const protocol::Add> adds, common::Callback<std::vector<Code>> done) {
  parts_->adds.Submit(adds, parts_->meter.Add(adds, std::move(done)));
  if (!parts_->core.health.failed()) parts_->checkpoint.MaybeStart();
}

void Shard::Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) {
  auto metered = parts_->meter.Read(request, std::move(done));
  parts_->reads.Read(std::move(request), std::move(metered));
}

void Shard::Lac(const protocol::LacRequest& request, common::Callback<protocol::LacReply> done) {
  parts_->reads.Lac(request, parts_->meter.Lac(request, std::move(done)));
}

void Shard::WriteLac(const protocol::WriteLacRequest& request,
                     common::Callback<protocol::WriteLacReply> done) {
  parts_->reads.WriteLac(request, parts_->meter.WriteLac(std::move(done)));
}

void Shard::ListEntries(const protocol::ListEntriesRequest& request,
                        common::Callback<protocol::ListEntriesReply> done) {
  parts_->reads.List(request, std::move(done));
}

protocol::BookieStatus Shard::Status() const {
  const ShardCore& core = parts_->core;
  const StoreStats stats = core.store->stats();
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  return {.bookie = bookie_,
          .directory = core.options.directory,
          .state = std::string(ModeName(mode())),
          .ledgers = number(core.ledgers.size()),
          .journal_lsn = number(core.journal->durable()),
          .stored_lsn = number(core.store->stored()),
          .journal_bytes = number(core.journal->live_bytes()),
          .segment_bytes = number(stats.segment_bytes),
          .segments = number(stats.segments),
          .cache_bytes = number(stats.cache_bytes),
          .free_bytes = number(parts_->space.free_bytes())};
}

ShardSnapshot Shard::Snapshot() const {
  const ShardCore& core = parts_->core;
  ShardSnapshot snapshot{.status = Status(),
                         .mode = mode(),
                         .why = core.health.Why(),
                         .ballast_bytes = parts_->held_ballast(),
                         .conflicts = conflicts(),
                         .journal_last = core.journal->last(),
                         .journal_queued_bytes = core.journal->queued_bytes(),
                         .limbo_ledgers = core.ledgers.in_limbo(),
                         .limbo_floor = core.ledgers.limbo_floor(),
                         .replies_waiting = core.replies.size(),
                         .metrics = core.metrics,
                         .journal = core.journal->stats(),
                         .store = core.store->stats(),
                         .compaction = std::nullopt,
                         .scrub = std::nullopt,
                         .collection = std::nullopt,
                         .reads_waiting = core.reads.size(),
                         .lookup_bytes = parts_->adds.lookups().bytes(),
                         .expired = core.reads.expired() + parts_->adds.lookups().expired()};
  if (const Compactor* compactor = core.store->compactor())
    snapshot.compaction = compactor->stats();
  if (const Scrubber* scrubber = core.store->scrubber()) snapshot.scrub = scrubber->stats();
  return snapshot;
}

Compactor* Shard::compactor() {
  return parts_->core.health.failed() ? nullptr : parts_->core.store->compactor();
}

Scrubber* Shard::scrubber() {
  return parts_->core.health.failed() ? nullptr : parts_->core.store->scrubber();
}

bool Shard::Accepting() const {
  const ShardCore& core = parts_->core;
  if (core.health.failed()) return true;
  if (core.journal->queued_bytes() > core.options.max_queued_bytes) return false;
  // With the disk full the cache may stay full for hours; reads and fences must still get through.
  return !core.store->Full() || core.health.Has(ShardHealth::kFlushBlocked);
}

std::int32_t Shard::RetryAfterMs() const {
  const ShardCore& core = parts_->core;
  return core.retry.Milliseconds({.journal_waits = core.journal->queued_bytes() > 0,
                                  .cache_full = core.store->Full(),
                                  .read_wait = core.reads.last_wait()});
}

bool Shard::Step(LedgerWalk& walk) const {
  return parts_->core.ledgers.Step(walk);
}

bool Shard::HasKey(LedgerId ledger, const protocol::LedgerKey& key) const {
  const LedgerRecord* record = parts_->core.ledgers.Find(ledger);
  return record == nullptr || !record->state.Rejects(key);
}

void Shard::Bury(LedgerId ledger) {
  ShardCore& core = parts_->core;
  if (core.health.failed()) return;
  const LedgerRecord* known = core.ledgers.Find(ledger);
  if (known == nullptr || known->state.deleted) return;
  LedgerRecord& record = core.ledgers.Bury(ledger);
  record.shut_lsn = core.Append(RecordType::kTombstone, {LedgerBytes(ledger).view()});
  core.Kick();
  core.polls.Shut(ledger);
  parts_->checkpoint.Drop(ledger);
}

void Shard::GiveBack() {
  if (!parts_->core.health.failed()) parts_->checkpoint.GiveBack();
}

// Only when the index has the tombstone and the deletion of the entries, with an LSN that covers
// both: no replay may meet records of a settled ledger, and no fence may be told of a deletion that
// a crash undoes (T-03).
bool Shard::Settle(LedgerId ledger) {
  ShardCore& core = parts_->core;
  if (core.health.failed()) return false;
  const LedgerRecord* known = core.ledgers.Find(ledger);
  if (known == nullptr || !known->state.deleted) return false;
  const Lsn needed = std::max(known->shut_lsn, parts_->replayed);
  if (known->changed || needed > core.store->stored()) return false;
  core.ledgers.Settle(ledger);
  return true;
}

const Tombstones& Shard::tombstones() const {
  return parts_->core.ledgers.tombstones();
}

void Shard::SetReadOnly(bool read_only) {
  parts_->core.health.Set(ShardHealth::kAdministrator, read_only);
}

ShardMode Shard::mode() const {
  return parts_->core.health.mode();
}
std::uint64_t Shard::conflicts() const {
  return parts_->adds.conflicts();
}

}  // namespace quire::bookie
