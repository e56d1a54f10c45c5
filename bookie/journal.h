#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bookie/metrics_histogram.h"
#include "common/disk.h"
#include "common/error.h"
#include "common/loop.h"
#include "common/worker.h"

namespace quire::bookie {

// Log sequence number: counts journal records of a shard from 1, never reused, survives trimming.
using Lsn = std::uint64_t;

enum class RecordType : std::uint8_t {
  kEntry = 1,      // ledger key (16) + encoded entry
  kFence = 2,      // ledger id (8) + ledger key (16)
  kLac = 3,        // ledger key (16) + LAC record (20)
  kTombstone = 4,  // ledger id (8)
};

struct JournalOptions {
  std::uint64_t file_bytes = 64 << 20;  // a file is pre-written to this size and recycled
  int spare_files = 4;                  // trimmed files kept for recycling
  // Between two attempts to get the next file from a full disk.
  common::Duration full_retry = std::chrono::seconds(1);
  // Asked on the worker when the disk has no room for a file that is needed now: true when it made
  // room.
  std::function<bool()> make_room = {};
};

// What a journal has done since it was opened.
struct JournalStats {
  LatencyHistogram sync;         // one write and sync of a batch; as many as there were batches
  CountHistogram batch_records;  // of a batch
  BytesHistogram batch_bytes;    // of a batch, as it was written
  std::uint64_t files = 0;       // on the disk, spare ones included
};

// The write-ahead log of one shard: what was appended is durable when `durable` says so, in order,
// and comes back at the next Open. Group commit by draining: one aligned write and one sync for
// whatever was appended while the one before was under way. Appending and callbacks: loop thread.
// Writing, syncing, rolling and recycling: the worker.
class Journal {
 public:
  // Gets every record above `stored`, in LSN order. An error ends Open with it.
  using Replay = std::function<common::Result<void>(Lsn, RecordType, std::string_view payload)>;

  struct Events {
    // All records up to here are on stable storage. Ascending.
    std::function<void(Lsn)> durable;
    // One write and sync of a batch, just before `durable` says so. Null: nobody asks.
    std::function<void(common::Duration took)> wrote = {};
    // A write or sync failed. Nothing appended and not yet durable ever will be said to be; the
    // journal takes no more. Once.
    std::function<void(common::Error)> failed;
    // Something was found at Open that should not be, and does no harm. Null: nobody asks.
    std::function<void(const std::string&)> odd = {};
    // True: the disk has no room for the next file. What was appended waits, and becomes durable
    // when there is room, which is told by false. Null: nobody asks.
    std::function<void(bool)> full = {};
  };

  // Reads the files of the disk (blocking), replays records above `stored` (the LSN the index
  // covers) and gets ready to append after max(stored, last record). A torn tail is cut; damage in
  // the middle, or a gap after `stored`, is kCorrupt with file, offset and what to do. New records
  // go to a new file.
  static common::Result<std::unique_ptr<Journal>> Open(common::Disk& disk, common::Loop& loop,
                                                       common::Worker& worker,
                                                       const JournalOptions& options, Lsn stored,
                                                       const Replay& replay, Events events);
  // Waits for nothing: records that are not durable may be lost. The worker must have run or
  // dropped its jobs before the disk goes.
  virtual ~Journal() = default;

  // Puts a record, given in parts that are copied, into the next batch. Nothing is written before
  // Kick.
  virtual Lsn Append(RecordType type, std::span<const std::string_view> parts) = 0;
  // Begin to write what was appended, unless a write is under way (it will go on with it).
  virtual void Kick() = 0;

  // Records up to `stored` are in the index: files that hold no others may be recycled.
  virtual void Trim(Lsn stored) = 0;

  virtual Lsn last() const = 0;                    // appended
  virtual Lsn durable() const = 0;                 // told durable
  virtual std::uint64_t queued_bytes() const = 0;  // appended and not yet durable
  virtual std::uint64_t live_bytes() const = 0;    // of files that are not trimmed: bounds replay
  virtual JournalStats stats() const { return {}; }
};

}  // namespace quire::bookie
