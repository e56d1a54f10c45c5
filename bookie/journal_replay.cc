#include "bookie/journal_replay.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "bookie/journal_format.h"
#include "bookie/journal_reader.h"
#include "common/aligned_buffer.h"

namespace quire::bookie {
namespace {

struct NamedFile {
  std::uint64_t epoch;
  std::string name;
};

class Replayer {
 public:
  Replayer(common::Disk& disk, Lsn stored, const Journal::Replay& replay)
      : disk_(disk), stored_(stored), replay_(replay) {}

  common::Result<JournalContent> Run() {
    auto names = disk_.List();
    if (!names) return common::Fail(std::move(names).error());
    std::vector<NamedFile> files;
    for (std::string& name : *names) {
      if (const auto epoch = ParseJournalFileName(name)) files.push_back({*epoch, std::move(name)});
    }
    std::ranges::sort(files, {}, &NamedFile::epoch);
    if (files.empty() && stored_ > 0) {
      return common::Fail(common::Errc::kCorrupt,
                          disk_.path() + ": the index covers records up to " +
                              std::to_string(stored_) +
                              ", but the journal files are missing; bring them back, or keep this "
                              "directory as it is and give the daemon a new, empty one");
    }
    for (const NamedFile& file : files) QUIRE_TRY(ReadFile(file));
    QUIRE_TRY(HardenTail());
    content_.last = std::max(stored_, last_);
    return std::move(content_);
  }

 private:
  common::Result<void> ReadFile(const NamedFile& named) {
    auto file = disk_.Open(named.name, {.direct = true});
    if (!file) return common::Fail(std::move(file).error());
    const auto size = (*file)->Size();
    if (!size) return common::Fail(size.error());
    JournalReader reader(**file, named.epoch, *size);
    JournalFileInfo info{.name = named.name};
    content_.next_epoch = named.epoch + 1;
    while (true) {
      auto batch = reader.Next();
      if (!batch) {
        return common::Fail(batch.error().code(),
                            disk_.path() + "/" + named.name + ": " + batch.error().context());
      }
      if (!*batch) break;
      QUIRE_TRY(TakeBatch(named.name, **batch, /*begins_file=*/info.last == 0));
      info.last = last_;
      info.used_bytes = reader.offset();
    }
    // A later batch proves that the one here was durable and may have been acknowledged (T-18).
    const auto later = reader.FindLater();
    if (!later) return common::Fail(later.error());
    if (*later) {
      return Corrupt(
          named.name, reader.offset(),
          "a batch is damaged, the next one begins at offset " + std::to_string(**later));
    }
    (info.last > 0 ? content_.full : content_.empty).push_back(std::move(info));
    return {};
  }

  common::Result<void> TakeBatch(const std::string& name, const JournalReader::Batch& batch,
                                 bool begins_file) {
    const Lsn first = batch.header.first;
    // Records may be missing in front of a file, if the index has them: they were trimmed. Exactly
    // the next one is also what follows a tail that was cut.
    const bool trimmed_before = begins_file && first > last_ && first <= stored_ + 1;
    if (first != last_ + 1 && !trimmed_before) {
      const Lsn expected = begins_file ? std::max(last_, stored_) + 1 : last_ + 1;
      return Corrupt(name, batch.offset,
                     "the batch begins with record " + std::to_string(first) + ", but " +
                         std::to_string(expected) + " should follow");
    }
    // Trimming takes the first files, never one between others.
    if (last_ > 0 && first > last_ + 1) {
      content_.odd.push_back(disk_.path() + ": records " + std::to_string(last_ + 1) + " to " +
                             std::to_string(first - 1) + " are missing before " + name +
                             "; the index has them, so nothing is lost, but a journal file is: "
                             "find out who removed it");
    }
    std::string_view body = batch.body;
    while (const auto record = TakeRecord(body)) {
      if (record->lsn > stored_) QUIRE_TRY(replay_(record->lsn, record->type, record->payload));
    }
    last_ = first + batch.header.records - 1;
    tail_ = Tail{name, batch.offset, BatchDiskBytes(batch.header.body_bytes)};
    return {};
  }

  // The process before may have died between a write and its sync, or because the sync failed. Then
  // the last batch is in the page cache, was replayed just now, and a power cut would take it away
  // under records that follow. A sync is not enough: after a failed one the kernel holds the pages
  // for clean. So the same bytes are written again. All batches before were durable when it was
  // written.
  common::Result<void> HardenTail() {
    if (!tail_) return {};
    auto file = disk_.Open(tail_->name, {.direct = true, .durable = true});
    if (!file) return common::Fail(std::move(file).error());
    common::AlignedBuffer buffer;
    char* const out = buffer.Extend(tail_->bytes);
    auto read = (*file)->Read(tail_->offset, std::span<char>(out, tail_->bytes));
    if (!read) return common::Fail(read.error());
    if (*read != tail_->bytes)
      return Corrupt(tail_->name, tail_->offset, "the file became shorter");
    return (*file)->Write(tail_->offset, buffer.view());
  }

  std::unexpected<common::Error> Corrupt(const std::string& name, std::uint64_t offset,
                                         const std::string& what) const {
    return common::Fail(
        common::Errc::kCorrupt,
        disk_.path() + "/" + name + " at offset " + std::to_string(offset) + ": " + what +
            "; acknowledged records may be lost here, the other bookies have their copies. Do not "
            "delete anything: keep this directory as it is and give the daemon a new, empty one");
  }

  struct Tail {
    std::string name;
    std::uint64_t offset;
    std::uint64_t bytes;
  };

  common::Disk& disk_;
  const Lsn stored_;
  const Journal::Replay& replay_;

  JournalContent content_;
  Lsn last_ = 0;  // of the records read
  std::optional<Tail> tail_;
};

}  // namespace

common::Result<JournalContent> ReplayJournal(common::Disk& disk, Lsn stored,
                                             const Journal::Replay& replay) {
  return Replayer(disk, stored, replay).Run();
}

}  // namespace quire::bookie
