#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bookie/journal.h"
#include "tests/bookie/manual_loop.h"
#include "tests/support/sim_disk.h"

namespace quire::bookie {

// A journal on a simulated disk, driven by hand, and everything it said.
struct JournalHarness {
  struct Record {
    Lsn lsn;
    RecordType type;
    std::string payload;
    bool operator==(const Record&) const = default;
  };

  testing::SimDisk disk;
  ManualLoop loop;
  ManualWorker worker;
  JournalOptions options{.file_bytes = 64 << 10, .spare_files = 2};
  std::unique_ptr<Journal> journal;
  std::vector<Record> replayed;  // by the last Open
  std::vector<Lsn> durable;
  std::vector<common::Error> failures;
  std::vector<bool> full;        // as it was told
  std::vector<std::string> odd;  // at the last Open

  common::Result<void> Open(Lsn stored = 0) {
    Stop();
    replayed.clear();
    durable.clear();
    failures.clear();
    full.clear();
    odd.clear();
    auto opened = Journal::Open(
        disk, loop, worker, options, stored,
        [this](Lsn lsn, RecordType type, std::string_view payload) -> common::Result<void> {
          replayed.push_back({lsn, type, std::string(payload)});
          return {};
        },
        {.durable = [this](Lsn lsn) { durable.push_back(lsn); },
         .failed = [this](common::Error error) { failures.push_back(std::move(error)); },
         .odd = [this](const std::string& line) { odd.push_back(line); },
         .full = [this](bool now) { full.push_back(now); }});
    if (!opened) return common::Fail(std::move(opened).error());
    journal = std::move(*opened);
    return {};
  }

  // The process ends: jobs and messages under way are gone with it.
  void Stop() {
    journal.reset();
    worker.Drop();
    loop.Drop();
  }

  Lsn Append(std::string_view payload, RecordType type = RecordType::kEntry) {
    const std::array parts{payload};
    return journal->Append(type, parts);
  }
  // Appends and waits until everything is durable and the next file is prepared.
  Lsn Commit(std::string_view payload) {
    const Lsn lsn = Append(payload);
    Settle();
    return lsn;
  }
  void Settle() {
    journal->Kick();
    worker.RunAll();
    loop.RunAll();
  }
  std::vector<std::string> Files() const { return disk.List().value(); }
};

}  // namespace quire::bookie
