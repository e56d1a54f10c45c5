#include "tools/disk_report.h"

#include <ctime>
#include <nlohmann/json.hpp>

#include "tools/console.h"
#include "tools/table.h"

namespace quire::tools {

using bookie::DirectoryReport;
using bookie::JournalFileReport;
using bookie::LedgerReport;
using bookie::OfflineJournal;
using bookie::RecordType;
using protocol::LedgerId;

namespace {

constexpr RecordType kTypes[] = {RecordType::kEntry, RecordType::kFence, RecordType::kLac,
                                 RecordType::kTombstone};

std::string Count(std::uint64_t number) {
  return HumanCount(static_cast<std::int64_t>(number));
}

std::string Bytes(std::uint64_t bytes) {
  return HumanBytes(static_cast<double>(bytes));
}

std::string Time(std::int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  char text[32];
  if (::gmtime_r(&seconds, &parts) == nullptr) return std::to_string(ms);
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

const char* EndName(JournalFileReport::End end) {
  switch (end) {
    case JournalFileReport::End::kEnd: return "end";
    case JournalFileReport::End::kTorn: return "torn tail";
    case JournalFileReport::End::kDamaged: return "damage";
  }
  return "";
}

std::uint64_t OfType(const JournalFileReport& file, RecordType type) {
  return file.by_type[static_cast<std::size_t>(type)];
}

std::string CookieText(const DirectoryReport& report) {
  if (!report.cookie) return "cookie     none: the bookie was never fully formatted, or lost it\n";
  const auto& cookie = *report.cookie;
  return "bookie     " + ToHex(cookie.bookie) + "\ncluster    " + ToHex(cookie.instance) +
         "\nformatted  " + Time(cookie.created_ms) + " as " + cookie.host + ":" + cookie.directory +
         "\n";
}

std::string JournalText(const DirectoryReport& report) {
  Table table({"JOURNAL FILE", "EPOCH", "BATCHES", "ENTRIES", "FENCES", "LACS", "TOMBSTONES",
               "FIRST LSN", "LAST LSN", "VALID TO", "OF", "BECAUSE"});
  for (const JournalFileReport& file : report.journal) {
    Table::Row row{file.name, std::to_string(file.epoch), Count(file.batches)};
    for (const RecordType type : kTypes) row.push_back(Count(OfType(file, type)));
    row.insert(row.end(),
               {file.first > 0 ? std::to_string(file.first) : "-",
                file.first > 0 ? std::to_string(file.last) : "-", std::to_string(file.valid_end),
                std::to_string(file.bytes), EndName(file.end)});
    table.Add(std::move(row));
  }
  return table.Text();
}

std::string SegmentsText(const DirectoryReport& report) {
  Table table({"SEGMENT", "FILE BYTES", "RECORDS", "RECORD BYTES", "LIVE", "GARBAGE", "NOTE"});
  for (const auto& [id, segment] : report.segments) {
    const auto& space = segment.space;
    const char* note = "";
    if (!space) note = "not in the index";
    if (!segment.file_bytes) note = "missing";
    table.Add({std::to_string(id), segment.file_bytes ? std::to_string(*segment.file_bytes) : "-",
               segment.footer ? Count(segment.footer->records) : "-",
               space ? std::to_string(space->total) : "-",
               space ? std::to_string(space->live) : "-",
               space ? std::to_string(space->total - space->live) : "-", note});
  }
  return table.Text();
}

// The index was rebuilt, and of what it does not know nothing is certain.
std::string LimboText(const DirectoryReport& report) {
  if (!report.commit || report.commit->limbo_floor == LedgerId(0)) return "";
  const bool fixed = report.commit->limbo_floor != bookie::kLimboEverywhere;
  return "limbo      the index was rebuilt: every ledger " +
         (fixed ? "below " + std::to_string(report.commit->limbo_floor.value())
                : "of before the next start") +
         " that is not known here is fenced and in limbo\n";
}

std::string UndeletedText(const DirectoryReport& report) {
  if (!report.commit || report.commit->undeleted_below == 0) return "";
  return "undeleted  deletions in the journal below LSN " +
         std::to_string(report.commit->undeleted_below) + " do not count\n";
}

// What was dropped and can be brought back still.
std::string QuarantineText(const DirectoryReport& report) {
  Table table({"IN QUARANTINE", "SINCE", "FILE BYTES"});
  for (const auto& segment : report.quarantine) {
    table.Add(
        {std::to_string(segment.id), Time(segment.since * 1000), std::to_string(segment.bytes)});
  }
  return table.Text();
}

struct Sums {
  std::uint64_t journal_bytes = 0;
  std::uint64_t journal_records = 0;
  std::uint64_t segment_bytes = 0;
  std::uint64_t live = 0;
  std::uint64_t garbage = 0;
};

Sums SumsOf(const DirectoryReport& report) {
  Sums sums;
  for (const auto& file : report.journal) {
    sums.journal_bytes += file.bytes;
    sums.journal_records += file.records;
  }
  for (const auto& [id, segment] : report.segments) {
    sums.segment_bytes += segment.file_bytes.value_or(0);
    if (!segment.space) continue;
    sums.live += segment.space->live;
    sums.garbage += segment.space->total - segment.space->live;
  }
  return sums;
}

}  // namespace

std::string DirectoryText(const DirectoryReport& report) {
  const Sums sums = SumsOf(report);
  std::string text = "directory  " + report.directory + "\n" + CookieText(report);
  text += "journal    " + Count(report.journal.size()) + " files with " +
          Bytes(sums.journal_bytes) + ", " + Count(sums.journal_records) + " records, of them " +
          Count(report.records_above_stored) + " above the stored LSN\n";
  text += "index      ";
  if (report.commit) {
    text += "stored LSN " + std::to_string(report.commit->stored) + ", next segment " +
            std::to_string(report.commit->next_segment) + ", " + Count(report.extents) +
            " extents with " + Count(report.entries) + " entries, " + Bytes(report.index_bytes) +
            "\n";
  } else {
    text += "no commit record\n";
  }
  text += "segments   " + Count(report.segments.size()) + " with " + Bytes(sums.segment_bytes) +
          ", live " + Bytes(sums.live) + ", garbage " + Bytes(sums.garbage) + "\n";
  text += "ledgers    " + Count(report.ledgers) + ", of them " + Count(report.fenced) +
          " fenced, " + Count(report.limbo) + " in limbo, " + Count(report.deleted) + " deleted\n" +
          LimboText(report) + UndeletedText(report);
  if (!report.journal.empty()) text += "\n" + JournalText(report);
  if (!report.segments.empty()) text += "\n" + SegmentsText(report);
  if (!report.quarantine.empty()) text += "\n" + QuarantineText(report);
  return text;
}

nlohmann::json DirectoryJson(const DirectoryReport& report) {
  nlohmann::json json{{"directory", report.directory},
                      {"records_above_stored", report.records_above_stored},
                      {"index_bytes", report.index_bytes},
                      {"extents", report.extents},
                      {"entries", report.entries},
                      {"ledgers",
                       {{"total", report.ledgers},
                        {"fenced", report.fenced},
                        {"limbo", report.limbo},
                        {"deleted", report.deleted}}},
                      {"journal", nlohmann::json::array()},
                      {"segments", nlohmann::json::array()},
                      {"quarantine", nlohmann::json::array()}};
  if (report.cookie) {
    json["cookie"] = {{"bookie", ToHex(report.cookie->bookie)},
                      {"cluster", ToHex(report.cookie->instance)},
                      {"host", report.cookie->host},
                      {"directory", report.cookie->directory},
                      {"created_ms", report.cookie->created_ms}};
  }
  if (report.commit) {
    json["stored_lsn"] = report.commit->stored;
    json["next_segment"] = report.commit->next_segment;
    json["limbo_floor"] = report.commit->limbo_floor.value();
    json["undeleted_below"] = report.commit->undeleted_below;
  }
  for (const JournalFileReport& file : report.journal) {
    json["journal"].push_back({{"name", file.name},
                               {"epoch", file.epoch},
                               {"bytes", file.bytes},
                               {"batches", file.batches},
                               {"records", file.records},
                               {"entries", OfType(file, RecordType::kEntry)},
                               {"fences", OfType(file, RecordType::kFence)},
                               {"lacs", OfType(file, RecordType::kLac)},
                               {"tombstones", OfType(file, RecordType::kTombstone)},
                               {"first_lsn", file.first},
                               {"last_lsn", file.last},
                               {"valid_end", file.valid_end},
                               {"end", EndName(file.end)}});
  }
  for (const auto& [id, segment] : report.segments) {
    nlohmann::json item{{"id", id}};
    if (segment.file_bytes) item["file_bytes"] = *segment.file_bytes;
    if (segment.footer) item["records"] = segment.footer->records;
    if (segment.space) {
      item["record_bytes"] = segment.space->total;
      item["live_bytes"] = segment.space->live;
    }
    json["segments"].push_back(std::move(item));
  }
  for (const auto& segment : report.quarantine) {
    json["quarantine"].push_back(
        {{"id", segment.id}, {"since", segment.since}, {"bytes", segment.bytes}});
  }
  return json;
}

std::string LedgerText(LedgerId ledger, const LedgerReport& report) {
  std::string text = "ledger     " + std::to_string(ledger.value()) + "\n";
  text += "state      ";
  if (report.state) {
    const auto& state = *report.state;
    text += std::string(state.key.is_nil() ? "no key" : "key present") +
            (state.fenced ? ", fenced" : "") + (state.limbo ? ", in limbo" : "") +
            (state.deleted ? ", deleted" : "") + ", last entry " +
            std::to_string(state.last_entry.value()) + ", LAC " +
            std::to_string(state.lac.value()) + "\n";
  } else {
    text += "none in the index\n";
  }
  text += "segments   " + Count(report.entries) + " entries in " + Count(report.extent_count) +
          " extents, " + Bytes(report.bytes) + "\n";
  text += "journal    " + Count(report.journal_count) + " records above the stored LSN\n";
  if (!report.extents.empty()) {
    Table table({"FIRST ENTRY", "LAST ENTRY", "ENTRIES", "SEGMENT", "OFFSET", "BYTES"});
    for (const auto& extent : report.extents) {
      table.Add({std::to_string(extent.first().value()), std::to_string(extent.last().value()),
                 std::to_string(extent.entries().size()), std::to_string(extent.segment()),
                 std::to_string(extent.offset()), std::to_string(extent.bytes())});
    }
    text += "\n" + table.Text();
  }
  if (!report.journal.empty()) {
    Table table({"LSN", "RECORD", "ENTRY", "BYTES", "JOURNAL FILE"});
    for (const auto& record : report.journal) {
      table.Add({std::to_string(record.lsn), OfflineJournal::Name(record.type),
                 record.entry ? std::to_string(record.entry->value()) : "-",
                 std::to_string(record.payload_bytes), record.file});
    }
    text += "\n" + table.Text();
  }
  const bool all =
      report.extents.size() == report.extent_count && report.journal.size() == report.journal_count;
  if (!all) text += "\nonly the first " + Count(LedgerReport::kMaxListed) + " of each are listed\n";
  return text;
}

nlohmann::json LedgerJson(LedgerId ledger, const LedgerReport& report) {
  nlohmann::json json{{"ledger", ledger.value()},
                      {"entries", report.entries},
                      {"bytes", report.bytes},
                      {"extent_count", report.extent_count},
                      {"journal_count", report.journal_count},
                      {"extents", nlohmann::json::array()},
                      {"journal", nlohmann::json::array()}};
  if (report.state) {
    json["state"] = {{"key", !report.state->key.is_nil()},
                     {"fenced", report.state->fenced},
                     {"limbo", report.state->limbo},
                     {"deleted", report.state->deleted},
                     {"last_entry", report.state->last_entry.value()},
                     {"lac", report.state->lac.value()}};
  }
  for (const auto& extent : report.extents) {
    json["extents"].push_back({{"first_entry", extent.first().value()},
                               {"last_entry", extent.last().value()},
                               {"entries", extent.entries().size()},
                               {"segment", extent.segment()},
                               {"offset", extent.offset()},
                               {"bytes", extent.bytes()}});
  }
  for (const auto& record : report.journal) {
    nlohmann::json item{{"lsn", record.lsn},
                        {"type", OfflineJournal::Name(record.type)},
                        {"bytes", record.payload_bytes},
                        {"file", record.file}};
    if (record.entry) item["entry"] = record.entry->value();
    json["journal"].push_back(std::move(item));
  }
  return json;
}

}  // namespace quire::tools
