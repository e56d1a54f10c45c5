// The start of a bookie: the files of a journal are read back. Input: the LSN that the index covers
// (a byte; 255 and a u64 for any), then the steps of a JournalScript.
//
// What comes back was written, in order and without a gap. Of an honest journal everything comes
// back; after damage everything does, or the start is refused, or only the end is missing and all
// of what is missing is damaged.

#include <string>
#include <utility>
#include <vector>

#include "bookie/journal_format.h"
#include "bookie/journal_replay.h"
#include "common/check.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/journal_script.h"
#include "tests/support/sim_disk.h"

namespace quire::fuzz {
namespace {

using bookie::JournalContent;
using bookie::Lsn;
using Record = JournalScript::Record;

struct Replayed {
  common::Result<JournalContent> content;
  std::vector<Record> records;
};

Replayed Replay(common::Disk& disk, Lsn stored) {
  std::vector<Record> records;
  auto content = bookie::ReplayJournal(
      disk, stored,
      [&](Lsn lsn, bookie::RecordType type, std::string_view payload) -> common::Result<void> {
        records.push_back({lsn, type, std::string(payload)});
        return {};
      });
  return {std::move(content), std::move(records)};
}

void Fill(testing::SimDisk& disk, const JournalScript& script) {
  for (const auto& [epoch, bytes] : script.files()) {
    auto file = disk.Open(bookie::JournalFileName(epoch), {.create = true});
    QUIRE_CHECK(file && (bytes.empty() || (*file)->Write(0, bytes)));
  }
}

void CheckContent(const Replayed& replayed, Lsn stored, const JournalScript& script) {
  Lsn expected = stored;
  for (const Record& record : replayed.records) QUIRE_CHECK(record.lsn == ++expected);
  const JournalContent& content = *replayed.content;
  QUIRE_CHECK(content.last == expected);
  QUIRE_CHECK(content.full.size() + content.empty.size() == script.files().size());
  if (!script.files().empty()) {
    QUIRE_CHECK(content.next_epoch > script.files().rbegin()->first);
  }
}

// Nothing is missing but at the end, and only what is damaged.
void CheckAgainstWritten(const Replayed& replayed, Lsn stored, const JournalScript& script) {
  std::size_t next = 0;
  bool torn = false;
  for (const JournalScript::Batch& batch : script.batches()) {
    if (batch.records.back().lsn <= stored) continue;
    torn = torn || next == replayed.records.size();
    if (torn) QUIRE_CHECK(script.Damaged(batch));
    for (const Record& record : batch.records) {
      if (record.lsn <= stored || torn) continue;
      QUIRE_CHECK(next < replayed.records.size() && replayed.records[next] == record);
      ++next;
    }
  }
  QUIRE_CHECK(next == replayed.records.size());
}

bool Intact(const JournalScript& script) {
  bool damaged = false;
  for (const JournalScript::Batch& batch : script.batches()) damaged |= script.Damaged(batch);
  return !damaged;
}

}  // namespace

void Run(std::string_view input) {
  Input in(input);
  const std::uint8_t low = in.Byte();
  const Lsn stored = low == 255 ? in.Number<Lsn>() : low;
  const JournalScript script(in);
  testing::SimDisk disk;
  Fill(disk, script);
  std::size_t bytes = 0;
  for (const auto& [epoch, image] : script.files()) bytes += image.size();

  const AllocationMeter meter;
  const Replayed replayed = Replay(disk, stored);
  // A window for the file, one for the tail, copies of the records.
  QUIRE_CHECK(meter.peak() <= 262144 + 8 * bytes);
  if (!script.foul() && Intact(script)) QUIRE_CHECK(replayed.content.has_value());
  if (!replayed.content) {
    const common::Errc code = replayed.content.error().code();
    QUIRE_CHECK(code == common::Errc::kCorrupt || code == common::Errc::kUnsupported);
    return;
  }
  CheckContent(replayed, stored, script);
  if (!script.foul()) CheckAgainstWritten(replayed, stored, script);
  const Replayed again = Replay(disk, stored);
  QUIRE_CHECK(again.content.has_value() && again.records == replayed.records);
}

}  // namespace quire::fuzz
