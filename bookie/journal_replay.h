#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bookie/journal.h"
#include "bookie/journal_files.h"
#include "common/disk.h"
#include "common/error.h"

namespace quire::bookie {

// What the files of a journal hold, all of it checked.
struct JournalContent {
  Lsn last = 0;                        // max(stored, last record)
  std::uint64_t next_epoch = 1;        // above that of every file
  std::vector<JournalFileInfo> full;   // files with records, in order
  std::vector<std::string> odd;        // findings that do no harm, for people
  std::vector<JournalFileInfo> empty;  // spares, prepared ones, those whose only batch was torn
};

// Reads a journal back; see Journal::Open. Gives records above `stored` to `replay` in order. What
// it gave is durable when it returns, also if it had only reached the page cache before. Blocking.
common::Result<JournalContent> ReplayJournal(common::Disk& disk, Lsn stored,
                                             const Journal::Replay& replay);

}  // namespace quire::bookie
