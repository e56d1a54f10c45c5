#include "bookie/offline_journal.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "bookie/record_bytes.h"
#include "common/bytes.h"
#include "protocol/entry.h"

namespace quire::bookie {

using common::Fail;
using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

constexpr const char* kFolder = "journal";
constexpr std::uint64_t kMaxSalvageBytes = 8 << 20;

constexpr const char* kStoreHasThem =
    "nothing is lost, as the store has these records; but the disk changed bytes that it had "
    "stored: check it";
constexpr const char* kRefused =
    "the daemon refuses to start on this: acknowledged records may be lost here; ";

// The rest of a file as a file of its own, so that a reader can begin behind damage.
class FileTail final : public common::File {
 public:
  FileTail(const common::File& file, std::uint64_t base) : file_(file), base_(base) {}

  Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const override {
    return file_.Read(base_ + offset, out);
  }
  Result<std::uint64_t> Size() const override {
    auto size = file_.Size();
    if (size) *size -= std::min(*size, base_);
    return size;
  }
  Result<void> Write(std::uint64_t, std::string_view) override { return Refuse(); }
  Result<void> Sync() override { return Refuse(); }
  Result<void> Preallocate(std::uint64_t) override { return Refuse(); }

 private:
  static Result<void> Refuse() { return Fail(common::Errc::kReadOnly); }

  const common::File& file_;
  const std::uint64_t base_;
};

std::string Range(Lsn first, Lsn last) {
  return first == last ? "record " + std::to_string(first)
                       : "records " + std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

Result<std::vector<JournalFileReport>> OfflineJournal::Read() {
  const auto items = directory_.List(kFolder);
  if (!items) return Fail(items.error());
  std::vector<JournalFileReport> reports;
  if (*items) {
    for (const auto& item : **items) {
      const auto epoch = ParseJournalFileName(item.name);
      if (epoch) reports.push_back({.name = item.name, .epoch = *epoch, .bytes = item.bytes});
    }
  }
  std::ranges::sort(reports, {}, &JournalFileReport::epoch);
  if (reports.empty() && Stored(1)) {  // G05
    Give({.file = kFolder,
          .what = "the journal files are missing; the index covers records up to " +
                  std::to_string(*stored_),
          .advice = "bring them back from where they are; if they are gone, later records are "
                    "lost here; " +
                    std::string(kOtherCopies)});
  }
  for (JournalFileReport& report : reports) {
    ReadFile(report);
    if (visitor_.progress) visitor_.progress(report.bytes);
  }
  // Files are used again in the order of their records, so that the newest ones stay: where there
  // are records at all, the last that the index covers is among them.
  if (last_ > 0 && Stored(last_ + 1)) {
    Give({.file = kFolder,
          .what = Range(last_ + 1, *stored_) + " cannot be read; the index covers them, so they "
                                               "had been durable",
          .advice = kStoreHasThem});
  }
  return reports;
}

void OfflineJournal::ReadFile(JournalFileReport& report) {
  const auto file = directory_.OpenFile(std::string(kFolder) + "/" + report.name);
  if (!file) {
    report.end = JournalFileReport::End::kDamaged;
    return Give({.file = report.name,
                 .what = "cannot be opened: " + file.error().ToString(),
                 .advice = "check the disk and the rights; " + std::string(kOtherCopies)});
  }
  std::optional<std::uint64_t> next = 0;
  while (next) next = ReadBatches(**file, *next, report);
}

std::optional<std::uint64_t> OfflineJournal::ReadBatches(const common::File& file,
                                                         std::uint64_t base,
                                                         JournalFileReport& report) {
  const FileTail tail(file, base);
  JournalReader reader(tail, report.epoch, report.bytes - base);
  const auto unreadable = [&](const common::Error& error) {
    report.end = JournalFileReport::End::kDamaged;
    Give({.file = report.name,
          .offset = base + reader.offset(),
          .what = "cannot be read: " + error.ToString(),
          .advice = kRefused + std::string(kOtherCopies)});
    return std::nullopt;
  };
  while (true) {
    const auto batch = reader.Next();
    if (!batch) return unreadable(batch.error());
    if (!*batch) break;
    TakeBatch(**batch, base + (*batch)->offset, report);
    if (report.end == JournalFileReport::End::kEnd) report.valid_end = base + reader.offset();
  }
  const std::uint64_t offset = base + reader.offset();
  const auto later = reader.FindLater();
  if (!later) return unreadable(later.error());
  if (!*later) {
    TakeTail(file, offset, report);
    return std::nullopt;
  }
  report.end = JournalFileReport::End::kDamaged;
  TakeDamage(file, offset, base + **later, report);
  return base + **later;
}

void OfflineJournal::TakeBatch(const JournalReader::Batch& batch, std::uint64_t offset,
                               JournalFileReport& report) {
  const Lsn first = batch.header.first;
  // As a start judges it: records may be missing in front of a file if the index has them.
  const bool trimmed_before =
      report.records == 0 && first > last_ && (stored_ ? first <= *stored_ + 1 : last_ == 0);
  if (trimmed_before && last_ > 0 && first > last_ + 1) {
    // A start lets it pass. But files are used again in the order of their records, which leaves no
    // gap between two that have some.
    Give({.file = report.name,
          .offset = offset,
          .what = Range(last_ + 1, first - 1) + " in front of this batch cannot be read; the index "
                                                "covers them, so they had been durable",
          .advice = kStoreHasThem});
  }
  if (first != last_ + 1 && !trimmed_before) {
    Give({.file = report.name,
          .offset = offset,
          .what = "the batch begins with record " + std::to_string(first) + ", but " +
                  std::to_string(last_ + 1) + " should follow",
          .advice = kRefused + std::string(kOtherCopies)});
  }
  if (report.first == 0) report.first = first;
  ++report.batches;
  std::string_view body = batch.body;
  while (const auto record = TakeRecord(body)) {
    ++report.records;
    const auto type = static_cast<std::size_t>(record->type);
    ++report.by_type[type < report.by_type.size() ? type : 0];
    CheckPayload(*record, offset, report);
    if (visitor_.record) visitor_.record(report, *record);
  }
  last_ = report.last = first + batch.header.records - 1;
}

// What lies behind the last valid batch, when no header of this epoch follows further on.
void OfflineJournal::TakeTail(const common::File& file, std::uint64_t offset,
                              JournalFileReport& report) {
  char block[common::kDiskBlockBytes];
  const auto got = file.Read(offset, block);
  if (!got) return;  // the reader has been here
  const auto header = DecodeBatchHeader({block, *got}, report.epoch);
  if (!header) return;
  if (report.end == JournalFileReport::End::kEnd) report.end = JournalFileReport::End::kTorn;
  const Lsn last = header->first + std::max(header->records, 1U) - 1;
  if (Stored(header->first)) {
    Give({.file = report.name,
          .offset = offset,
          .what = "the last batch, " + Range(header->first, last) +
                  ", is damaged; the index covers records up to " + std::to_string(*stored_) +
                  ", so it had been durable",
          .advice = Stored(last) ? kStoreHasThem : kRefused + std::string(kOtherCopies)});
    return;
  }
  Give({.kind = Finding::Kind::kHarmless,
        .file = report.name,
        .offset = offset,
        .what = "the last batch, " + Range(header->first, last) +
                ", is torn: the bookie died while it wrote it",
        .advice = "nothing to do: nobody was told that it is stored, and the next start cuts it"});
}

// A batch that a later one proves to have been durable (T-18). Tells its records apart.
void OfflineJournal::TakeDamage(const common::File& file, std::uint64_t offset, std::uint64_t later,
                                const JournalFileReport& report) {
  std::string bytes(std::min(later - offset, kMaxSalvageBytes), '\0');
  const auto got = file.Read(offset, bytes);
  bytes.resize(got ? *got : 0);
  Finding finding{.file = report.name, .offset = offset};
  const auto header = DecodeBatchHeader(bytes, report.epoch);
  std::string detail = header ? "" : "; its header does not verify";
  std::string_view body(bytes);
  body.remove_prefix(std::min(body.size(), kBatchHeaderBytes));
  Lsn begin = last_ + 1;
  if (report.records == 0) {  // earlier records may have been trimmed
    std::string_view peek = body;
    const auto record = TakeRecord(peek);
    if (header || record) begin = std::max(begin, header ? header->first : record->lsn);
  }
  for (Lsn lsn = begin; body.size() >= kJournalRecordBytes; ++lsn) {
    const auto length = common::LoadBig<std::uint32_t>(body.data() + 12);
    const std::string_view rest = body;
    const auto record = TakeRecord(body);
    if (record && record->lsn == lsn) continue;
    // The first record that fails. Its own fields may be what is damaged.
    const bool whole =
        common::LoadBig<Lsn>(rest.data() + 4) == lsn && length <= rest.size() - kJournalRecordBytes;
    if (!whole) break;
    const auto subject =
        SubjectOf(static_cast<RecordType>(rest[16]), rest.substr(kJournalRecordBytes, length));
    finding.offset = offset + static_cast<std::uint64_t>(rest.data() - bytes.data());
    detail = "; record " + std::to_string(lsn) + " at this offset does not verify";
    if (subject && subject->ledger.value() >= 0) {
      finding.ledger = subject->ledger;
      if (subject->entry) finding.entries = {*subject->entry, *subject->entry};
    }
    break;
  }
  char block[kBatchHeaderBytes];
  const auto next = file.Read(later, block);
  const auto follows = next ? DecodeBatchHeader({block, *next}, report.epoch) : std::nullopt;
  if (follows && follows->first > begin) last_ = follows->first - 1;
  finding.what = "the batch at offset " + std::to_string(offset) +
                 " is damaged, the next one "
                 "begins at offset " +
                 std::to_string(later);
  if (last_ >= begin) finding.what += "; it has " + Range(begin, last_);
  finding.what += detail;
  finding.advice = (Stored(last_) ? "the store has these records, but the daemon refuses to "
                                    "start on a journal that cannot be trusted; "
                                  : kRefused) +
                   std::string(kOtherCopies);
  Give(std::move(finding));
}

void OfflineJournal::CheckPayload(const JournalRecord& record, std::uint64_t offset,
                                  const JournalFileReport& report) {
  const std::string_view payload = record.payload;
  std::string wrong;
  switch (record.type) {
    case RecordType::kEntry: {
      if (payload.size() < KeyBytes::kSize) {
        wrong = "is too short for an entry";
      } else if (const auto entry = protocol::VerifyEntry(payload.substr(KeyBytes::kSize));
                 !entry) {
        wrong = "has an entry that does not verify: " + entry.error().ToString();
      }
      break;
    }
    case RecordType::kFence:
      wrong = payload.size() == 24 ? "" : "is a fence of a wrong size";
      break;
    case RecordType::kLac: {
      const bool sized = payload.size() == KeyBytes::kSize + protocol::kLacRecordBytes;
      const auto subject = SubjectOf(record.type, payload);
      if (!sized || !subject ||
          !protocol::VerifyLac(payload.substr(KeyBytes::kSize), subject->ledger)) {
        wrong = "has a LAC that does not verify";
      }
      break;
    }
    case RecordType::kTombstone:
      wrong = payload.size() == 8 ? "" : "is a tombstone of a wrong size";
      break;
    default: wrong = "is of the unknown type " + std::to_string(int(record.type));
  }
  if (wrong.empty()) return;
  Finding finding{.file = report.name,
                  .offset = offset,
                  .what = "record " + std::to_string(record.lsn) + " in the batch here " + wrong,
                  .advice =
                      "it passed the journal's own check, so it was written wrong: keep "
                      "this directory and report it; " +
                      std::string(kOtherCopies)};
  if (const auto subject = SubjectOf(record.type, payload)) finding.ledger = subject->ledger;
  Give(std::move(finding));
}

void OfflineJournal::Give(Finding finding) const {
  if (finding.file != kFolder) finding.file = std::string(kFolder) + "/" + finding.file;
  if (visitor_.finding) visitor_.finding(std::move(finding));
}

const char* OfflineJournal::Name(RecordType type) {
  switch (type) {
    case RecordType::kEntry: return "entry";
    case RecordType::kFence: return "fence";
    case RecordType::kLac: return "lac";
    case RecordType::kTombstone: return "tombstone";
  }
  return "unknown";
}

std::optional<OfflineJournal::Subject> OfflineJournal::SubjectOf(RecordType type,
                                                                 std::string_view payload) {
  const bool key_first = type == RecordType::kEntry || type == RecordType::kLac;
  if (key_first) payload.remove_prefix(std::min(payload.size(), KeyBytes::kSize));
  common::ByteReader reader(payload);
  const auto ledger = reader.Big<std::int64_t>();
  if (!ledger) return std::nullopt;
  Subject subject{.ledger = LedgerId(*ledger), .entry = std::nullopt};
  const auto entry = reader.Big<std::int64_t>();
  if (type == RecordType::kEntry && entry) subject.entry = EntryId(*entry);
  return subject;
}

}  // namespace quire::bookie
