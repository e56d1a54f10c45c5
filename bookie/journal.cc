#include "bookie/journal.h"

#include <utility>

#include "bookie/journal_drain.h"
#include "bookie/journal_replay.h"

namespace quire::bookie {
namespace {

// The loop thread's half: numbers records and passes events on.
class FileJournal final : public Journal, private JournalDrain::Listener {
 public:
  FileJournal(common::Disk& disk, common::Loop& loop, common::Worker& worker,
              const JournalOptions& options, JournalContent content, Events events)
      : loop_(loop),
        full_retry_(options.full_retry),
        last_(content.last),
        durable_(content.last),
        events_(std::make_shared<const Events>(std::move(events))),
        drain_(std::make_shared<JournalDrain>(disk, loop, worker, options, std::move(content),
                                              static_cast<JournalDrain::Listener&>(*this))) {}
  ~FileJournal() override {
    if (retry_timer_ != 0) loop_.Cancel(retry_timer_);
    drain_->Detach();
  }
  FileJournal(const FileJournal&) = delete;
  FileJournal& operator=(const FileJournal&) = delete;

  common::Result<void> Begin(Lsn stored) { return drain_->Begin(stored); }

  Lsn Append(RecordType type, std::span<const std::string_view> parts) override {
    queued_bytes_ += drain_->Append(++last_, type, parts);
    return last_;
  }
  // On a full disk each attempt fails; the timer makes them.
  void Kick() override {
    if (!full_) drain_->Kick();
  }
  void Trim(Lsn stored) override { drain_->Trim(stored); }

  Lsn last() const override { return last_; }
  Lsn durable() const override { return durable_; }
  std::uint64_t queued_bytes() const override { return queued_bytes_; }
  std::uint64_t live_bytes() const override { return drain_->live_bytes(); }
  JournalStats stats() const override {
    JournalStats stats = stats_;
    stats.files = drain_->files();
    return stats;
  }

 private:
  // The callbacks may destroy the journal: what they run is held here, and nothing follows them.
  void OnDurable(const JournalDrain::Written& batch) override {
    durable_ = batch.last;
    queued_bytes_ -= batch.bytes;
    stats_.sync.Observe(static_cast<std::uint64_t>(batch.took.count()));
    stats_.batch_records.Observe(batch.records);
    stats_.batch_bytes.Observe(batch.disk_bytes);
    const auto events = events_;
    const bool was_full = std::exchange(full_, false);
    if (events->wrote) events->wrote(batch.took);
    events->durable(batch.last);
    if (was_full && events->full) events->full(false);
  }
  void OnFull() override {
    if (retry_timer_ == 0) {
      retry_timer_ = loop_.After(full_retry_, [this] {
        retry_timer_ = 0;
        drain_->Kick();
      });
    }
    const auto events = events_;
    if (!std::exchange(full_, true) && events->full) events->full(true);
  }
  void OnFailed(common::Error error) override {
    queued_bytes_ = 0;  // given up
    const auto events = events_;
    events->failed(std::move(error));
  }

  common::Loop& loop_;
  const common::Duration full_retry_;
  Lsn last_;
  Lsn durable_;
  bool full_ = false;  // the disk has no room for the batch that is next
  common::Loop::TimerId retry_timer_ = 0;
  std::uint64_t queued_bytes_ = 0;
  JournalStats stats_;  // without the files
  const std::shared_ptr<const Events> events_;
  const std::shared_ptr<JournalDrain> drain_;
};

}  // namespace

common::Result<std::unique_ptr<Journal>> Journal::Open(common::Disk& disk, common::Loop& loop,
                                                       common::Worker& worker,
                                                       const JournalOptions& options, Lsn stored,
                                                       const Replay& replay, Events events) {
  auto content = ReplayJournal(disk, stored, replay);
  if (!content) return common::Fail(std::move(content).error());
  for (const std::string& line : content->odd) {
    if (events.odd) events.odd(line);
  }
  auto journal = std::make_unique<FileJournal>(disk, loop, worker, options, std::move(*content),
                                               std::move(events));
  QUIRE_TRY(journal->Begin(stored));
  return journal;
}

}  // namespace quire::bookie
