#include "tests/bookie/store_fixture.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

// RocksDB comes without ThreadSanitizer's instrumentation: its atomics are not seen, and what they
// order looks like races between its own threads. Our code is instrumented and stays checked.
extern "C" const char* __tsan_default_suppressions();   // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __tsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "race:librocksdb\n";
}

namespace quire::bookie {

using protocol::Code;
using protocol::EntryAnswer;
using protocol::EntryId;
using protocol::LedgerId;

TempDirectory::TempDirectory() {
  // In memory where there is such a place: no test here pulls the plug of the real disk.
  const std::filesystem::path memory = "/dev/shm";
  std::error_code none;
  const auto parent =
      std::filesystem::is_directory(memory, none) ? memory : std::filesystem::temp_directory_path();
  path_ = (parent / "quire-store-XXXXXX").string();
  QUIRE_CHECK(::mkdtemp(path_.data()) != nullptr);
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string MakeEntry(std::int64_t ledger, std::int64_t entry, std::size_t size) {
  std::string payload(size, '\0');
  std::uint64_t word =
      static_cast<std::uint64_t>(ledger) * 1'000'003 + static_cast<std::uint64_t>(entry) + 1;
  for (char& c : payload) {
    word = word * 6364136223846793005ULL + 1442695040888963407ULL;
    c = static_cast<char>(word >> 56);
  }
  std::string bytes;
  protocol::EncodeEntry({.ledger = LedgerId(ledger), .entry = EntryId(entry)}, payload, bytes);
  return bytes;
}

common::Result<void> StoreHarness::Open() {
  compaction.worker = compaction_worker.get();
  scrub.worker = compaction_worker.get();
  auto opened = Store::Open(disk, loop, *flush_worker, {reader.get()},
                            {.cache_bytes = cache_bytes_,
                             .index_path = index.path() + "/index",
                             .may_begin = !begun_,
                             .compaction = compaction,
                             .scrub = scrub,
                             .quarantine = quarantine,
                             .make_room = make_room});
  if (!opened) return common::Fail(std::move(opened).error());
  store = std::move(*opened);
  begun_ = true;
  return {};
}

void StoreHarness::Close() {
  store.reset();
  flush_worker = std::make_unique<StepWorker>();
  reader = std::make_unique<StepWorker>();
  compaction_worker = std::make_unique<StepWorker>();
  while (loop.Step()) {
  }
}

void StoreHarness::Add(std::int64_t ledger, std::int64_t entry, std::size_t size) {
  ++lsn;
  store->Add(LedgerId(ledger), EntryId(entry), MakeEntry(ledger, entry, size), Copies::kPerhaps);
}

void StoreHarness::AddRange(std::int64_t ledger, std::int64_t first, std::int64_t last,
                            std::size_t size) {
  for (std::int64_t id = first; id <= last; ++id) Add(ledger, id, size);
}

void StoreHarness::StartFlush(Store::Commit commit) {
  if (commit.lsn == 0) commit.lsn = lsn;
  store->Flush(std::move(commit),
               [this](common::Result<void> outcome) { outcomes.push_back(std::move(outcome)); });
}

common::Result<void> StoreHarness::Flush(Store::Commit commit) {
  const std::size_t before = outcomes.size();
  if (commit.lsn == 0) commit.lsn = lsn;
  store->JournalDurable(commit.lsn);
  StartFlush(std::move(commit));
  Settle();
  QUIRE_CHECK(outcomes.size() == before + 1);
  return outcomes.back();
}

void StoreHarness::Settle() {
  while (loop.Step() || flush_worker->Step() || reader->Step() || compaction_worker->Step()) {
  }
}

void StoreHarness::Compact() {
  store->compactor()->Trigger();
  do {
    loop.FireTimers();
    Settle();
  } while (store->compactor()->stats().running);
}

std::vector<EntryAnswer> StoreHarness::Read(std::int64_t ledger, const Ids& ids,
                                            std::size_t max_bytes) {
  std::vector<EntryId> entries;
  for (const std::int64_t id : ids) entries.emplace_back(id);
  std::vector<EntryAnswer> answers;
  int calls = 0;
  store->Read(LedgerId(ledger), std::move(entries), max_bytes, [&](std::vector<EntryAnswer> got) {
    answers = std::move(got);
    ++calls;
  });
  Settle();
  EXPECT_EQ(calls, 1);
  return answers;
}

Code StoreHarness::ReadOne(std::int64_t ledger, std::int64_t entry) {
  const auto answers = Read(ledger, {entry});
  QUIRE_CHECK(answers.size() == 1);
  return answers.front().code;
}

bool StoreHarness::HasAll(std::int64_t ledger, std::int64_t first, std::int64_t last,
                          std::size_t size) {
  Ids ids;
  for (std::int64_t id = first; id <= last; ++id) ids.push_back(id);
  const auto answers = Read(ledger, ids);
  if (answers.size() != ids.size()) return false;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (answers[i].code != Code::kOk || answers[i].bytes != MakeEntry(ledger, ids[i], size)) {
      return false;
    }
  }
  return true;
}

std::vector<protocol::EntryRun> StoreHarness::List(std::int64_t ledger, std::int64_t from,
                                                   std::size_t max_runs) {
  std::vector<protocol::EntryRun> runs;
  store->List(LedgerId(ledger), EntryId(from), max_runs,
              [&](common::Result<std::vector<protocol::EntryRun>> got) {
                ASSERT_TRUE(got) << got.error().ToString();
                runs = std::move(*got);
              });
  Settle();
  return runs;
}

std::vector<std::string> StoreHarness::Segments() const {
  auto names = disk.List();
  QUIRE_CHECK(names.has_value());
  return *names;
}

}  // namespace quire::bookie
