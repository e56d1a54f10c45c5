#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bookie/journal_format.h"
#include "bookie/journal_reader.h"
#include "bookie/offline_directory.h"
#include "bookie/offline_finding.h"
#include "common/error.h"
#include "protocol/ids.h"

namespace quire::bookie {

// One journal file, as far as it can be read.
struct JournalFileReport {
  enum class End {
    kEnd,      // nothing of this use of the file lies behind
    kTorn,     // a batch of this use that does not verify, and nothing behind it
    kDamaged,  // a batch that does not verify, or cannot be read, and valid ones behind it
  };

  std::string name = {};
  std::uint64_t epoch = 0;
  std::uint64_t bytes = 0;  // of the file
  std::uint64_t batches = 0;
  std::uint64_t records = 0;
  std::array<std::uint64_t, 5> by_type{};  // index: RecordType; 0: unknown types
  Lsn first = 0;                           // 0: none
  Lsn last = 0;
  std::uint64_t valid_end = 0;  // where the valid data ends, or first stops to be valid
  End end = End::kEnd;
};

// Reads all files of a stopped bookie's journal, as a start would and in the same order, but goes
// on behind damage. Blocking; memory for one batch.
class OfflineJournal {
 public:
  struct Visitor {
    // Each record that verifies.
    std::function<void(const JournalFileReport& file, const JournalRecord& record)> record = {};
    std::function<void(Finding)> finding = {};
    std::function<void(std::uint64_t bytes)> progress = {};  // so many more were read
  };

  // `stored`: what the index covers; nothing if the index cannot tell.
  OfflineJournal(const OfflineDirectory& directory, std::optional<Lsn> stored, Visitor visitor)
      : directory_(directory), stored_(stored), visitor_(std::move(visitor)) {}

  // Errors: the folder cannot be listed. All else is a finding.
  common::Result<std::vector<JournalFileReport>> Read();

  static const char* Name(RecordType type);
  // The ledger of a record's payload, and the entry if it is one; not verified.
  struct Subject {
    protocol::LedgerId ledger;
    std::optional<protocol::EntryId> entry;
  };
  static std::optional<Subject> SubjectOf(RecordType type, std::string_view payload);

 private:
  void ReadFile(JournalFileReport& report);
  // Batches from `base` on; where to go on behind damage, if there is something.
  std::optional<std::uint64_t> ReadBatches(const common::File& file, std::uint64_t base,
                                           JournalFileReport& report);
  void TakeBatch(const JournalReader::Batch& batch, std::uint64_t offset,
                 JournalFileReport& report);
  void TakeTail(const common::File& file, std::uint64_t offset, JournalFileReport& report);
  void TakeDamage(const common::File& file, std::uint64_t offset, std::uint64_t later,
                  const JournalFileReport& report);
  void CheckPayload(const JournalRecord& record, std::uint64_t offset,
                    const JournalFileReport& report);
  bool Stored(Lsn lsn) const { return stored_ && lsn <= *stored_; }  // for certain
  void Give(Finding finding) const;

  const OfflineDirectory& directory_;
  const std::optional<Lsn> stored_;
  const Visitor visitor_;
  Lsn last_ = 0;  // of the records met, damaged ones included
};

}  // namespace quire::bookie
