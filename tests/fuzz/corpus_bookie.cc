#include <array>
#include <string>

#include "bookie/extent.h"
#include "bookie/index_format.h"
#include "bookie/journal_batch.h"
#include "bookie/record_bytes.h"
#include "bookie/segment_format.h"
#include "common/bytes.h"
#include "protocol/entry.h"
#include "tests/fuzz/corpus.h"

namespace quire::fuzz {
namespace {

using bookie::RecordType;
using common::AppendBig;
using protocol::EntryId;
using protocol::LedgerId;

constexpr protocol::LedgerKey kKey{0x1112131415161718, 0x191a1b1c1d1e1f20};

template <typename T>
std::string Number(T value) {
  std::string bytes;
  AppendBig(bytes, value);
  return bytes;
}
std::string Byte(int value) {
  return std::string(1, static_cast<char>(value));
}
std::string Short(std::string_view bytes) {
  return Byte(static_cast<int>(bytes.size())) + std::string(bytes);
}
std::string Entry(std::int64_t ledger, std::int64_t id, std::string_view payload) {
  std::string bytes;
  protocol::EncodeEntry({LedgerId(ledger), EntryId(id), EntryId(id - 1), 100}, payload, bytes);
  return bytes;
}
std::string Key() {
  return std::string(bookie::KeyBytes(kKey).view());
}
std::string Block(const common::AlignedBuffer& buffer, std::size_t bytes) {
  return std::string(buffer.view().substr(0, bytes));
}

void AddEntrySeeds(Corpus& corpus) {
  corpus.Add("entry", "first", Entry(7, 0, "payload"));
  corpus.Add("entry", "empty", Entry(7, 41, ""));
  corpus.Add("entry", "long", Entry(1LL << 40, 1LL << 41, std::string(500, 'x')));
  std::string damaged = Entry(7, 3, "payload");
  damaged.back() ^= 1;
  corpus.Add("entry", "damaged", damaged);
  corpus.Add("entry", "lac", protocol::EncodeLac(LedgerId(7), EntryId(12)));
  corpus.Add("entry", "lac-none", protocol::EncodeLac(LedgerId(7), protocol::kNoEntry));
}

void AddReplaySeeds(Corpus& corpus) {
  const auto record = [](RecordType type, std::string_view payload, bool seal = false) {
    return Byte(static_cast<int>(type)) + Byte(seal ? 1 : 0) + Short(payload);
  };
  const std::string entry = record(RecordType::kEntry, Key() + Entry(7, 0, "a"));
  const std::string fence = record(RecordType::kFence, Number(std::int64_t{7}) + Key());
  const std::string lac =
      record(RecordType::kLac, Key() + protocol::EncodeLac(LedgerId(7), EntryId(0)));
  const std::string tombstone = record(RecordType::kTombstone, Number(std::int64_t{7}));
  corpus.Add("replay_record", "a-life", entry + lac + fence + tombstone);
  std::string many;
  for (int i = 0; i < 8; ++i) many += record(RecordType::kEntry, Key() + Entry(7, i, "b"), true);
  corpus.Add("replay_record", "flushes", many + entry);
  corpus.Add("replay_record", "after-death", tombstone + entry + lac + fence);
}

void AddJournalSeeds(Corpus& corpus) {
  bookie::JournalBatch batch;
  batch.Begin(5);
  const std::string key = Key();
  const std::string entry = Entry(7, 0, "payload");
  batch.Append(RecordType::kEntry, std::array<std::string_view, 2>{key, entry});
  batch.Append(RecordType::kTombstone, std::array<std::string_view, 1>{"12345678"});
  const std::size_t covered = bookie::kBatchHeaderBytes + batch.body_bytes();
  const std::string bytes(batch.Seal(9).substr(0, covered));
  const std::string epoch = Number(std::uint64_t{9});
  corpus.Add("journal_records", "batch", epoch + Byte(0) + bytes);
  corpus.Add("journal_records", "to-be-sealed", epoch + Byte(1) + bytes);
  corpus.Add("journal_records", "other-epoch", Number(std::uint64_t{10}) + Byte(0) + bytes);
}

// Steps of a JournalScript.
std::string WriteBatch(int records) {
  std::string step = Byte(0) + Byte(records - 1);
  for (int i = 0; i < records; ++i) step += Byte(1 + i) + Short("record");
  return step;
}
std::string NextFile(int how) {
  return Byte(1) + Byte(how);
}
std::string Flip(int batch, int at, int mask) {
  return Byte(2) + Byte(batch) + Number(static_cast<std::uint16_t>(at)) + Byte(mask);
}
std::string Forge(std::uint32_t version, std::uint64_t epoch, std::uint64_t first) {
  std::string batch(bookie::kBatchHeaderBytes + bookie::kJournalRecordBytes + 3, 'f');
  const std::uint32_t body = bookie::kJournalRecordBytes + 3;
  bookie::EncodeBatchHeader(
      {.version = version, .records = 1, .epoch = epoch, .first = first, .body_bytes = body},
      batch.data());
  bookie::SealRecord(first, RecordType::kEntry, 3, batch.data() + bookie::kBatchHeaderBytes);
  return Byte(3) + Short(batch);
}

void AddScriptSeeds(Corpus& corpus) {
  const std::string three = WriteBatch(1) + WriteBatch(3) + WriteBatch(2);
  const auto add = [&corpus](const char* name, int stored, const std::string& steps) {
    corpus.Add("journal_replay", name, Byte(stored) + steps);
  };
  add("one-file", 0, three);
  add("stored", 3, three + NextFile(0) + WriteBatch(1));
  add("index-ahead", 200, three);
  add("recycled", 0, three + NextFile(1) + WriteBatch(1) + NextFile(5));
  add("torn-tail", 0, three + Flip(2, 40, 1));
  add("damage-inside", 0, three + Flip(1, 3, 0x80));
  add("damage-before-next-file", 0, three + Flip(2, 0, 1) + NextFile(0) + WriteBatch(1));
  add("forged-next", 0, three + Forge(1, 1, 7));
  add("forged-gap", 0, three + Forge(1, 1, 8));
  add("forged-version", 0, three + Forge(2, 1, 7));
  add("forged-first", 255, Number(std::uint64_t{0}) + Forge(1, 1, ~std::uint64_t{0}));
  add("block-behind", 0, three + Byte(4) + Short(std::string(200, 'j')));
  add("cut", 0, three + Byte(5) + Byte(1) + NextFile(0) + WriteBatch(1));
  add("lost-file", 2, three + NextFile(0) + WriteBatch(1) + Byte(6) + Byte(0));
}

void AddSegmentSeeds(Corpus& corpus) {
  constexpr bookie::SegmentId kId = 3;
  const std::string head = Number(kId) + Byte(0);
  common::AlignedBuffer header;
  bookie::AppendSegmentHeader(kId, header);
  corpus.Add("segment", "header", head + Block(header, 40));
  corpus.Add("segment", "header-block", head + Block(header, bookie::kSegmentHeaderBytes));
  common::AlignedBuffer footer;
  bookie::AppendSegmentFooter(kId, {.records = 12, .bytes = 3456}, footer);
  corpus.Add("segment", "footer", head + Block(footer, 48));
  common::AlignedBuffer record;
  bookie::AppendRecord(bookie::RecordSeed(kId), Entry(7, 0, "payload"), record);
  corpus.Add("segment", "record", head + Block(record, record.size()));
  corpus.Add("segment", "to-be-sealed", Number(kId) + Byte(1) + Block(record, record.size()));
}

void AddExtentSeeds(Corpus& corpus) {
  const auto add = [&corpus](const char* name, const bookie::Extent& extent) {
    corpus.Add("extent", name, Number(extent.first().value()) + extent.Encode());
  };
  bookie::Extent one(1, bookie::kSegmentHeaderBytes);
  one.Append({.id = EntryId(0), .length = 36});
  add("one", one);
  bookie::Extent striped(1ULL << 40, 1ULL << 33);
  for (int i = 0; i < 20; ++i) striped.Append({.id = EntryId(3 * i), .length = 1000U + 37 * i});
  add("striped", striped);
  bookie::Extent full(2, 8192);
  for (std::uint32_t i = 0; i < bookie::Extent::kMaxEntries; ++i) {
    full.Append({.id = EntryId(5 + i), .length = 36 + i % 2});
  }
  add("full", full);
  bookie::Extent high(9, 4096);
  high.Append({.id = EntryId(INT64_MAX - 5), .length = 40});
  high.Append({.id = EntryId(INT64_MAX), .length = 1'048'612});
  add("high", high);
}

void AddIndexSeeds(Corpus& corpus) {
  const auto pair = [](int kind, int number, const std::string& content) {
    return Byte(kind) + Number(static_cast<std::uint16_t>(number)) + Short(content);
  };
  const auto extent = [](int kind, int ledger, int first, int count) {
    bookie::Extent made(1, bookie::kSegmentHeaderBytes);
    for (int i = 0; i < count; ++i) made.Append({.id = EntryId(first + 2 * i), .length = 50});
    return Byte(kind) + Number(static_cast<std::uint16_t>(ledger)) +
           Number(static_cast<std::uint16_t>(first)) + Short(made.Encode());
  };
  const std::string ids = Number(std::uint16_t{7}) + Number(std::uint16_t{12});
  const std::string state =
      pair(0, 7, bookie::EncodeState({.key = kKey, .fenced = true, .last_entry = EntryId(20)}));
  const std::string space = pair(1, 1, bookie::EncodeSpace({.total = 900, .live = 500}));
  const std::string commit = pair(2, 0, bookie::EncodeCommit({.stored = 44, .next_segment = 2}));
  const std::string extents = extent(3, 7, 0, 5) + extent(3, 7, 10, 4) + extent(3, 8, 1, 2);
  corpus.Add("index", "empty", ids);
  corpus.Add("index", "sound", ids + state + space + commit + extents);
  corpus.Add("index", "no-commit", ids + state + extents);
  corpus.Add("index", "damaged-extent", ids + commit + extents + extent(8, 7, 11, 3));
  corpus.Add("index", "damaged-state", ids + commit + pair(5, 7, "not sealed"));
  corpus.Add("index", "strange-key", ids + commit + pair(4, 0, "Q") + Short("content"));
}

}  // namespace

void AddBookieSeeds(Corpus& corpus) {
  AddEntrySeeds(corpus);
  AddReplaySeeds(corpus);
  AddJournalSeeds(corpus);
  AddScriptSeeds(corpus);
  AddSegmentSeeds(corpus);
  AddExtentSeeds(corpus);
  AddIndexSeeds(corpus);
}

}  // namespace quire::fuzz
