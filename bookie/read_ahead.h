#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "protocol/ids.h"

namespace quire::bookie {

struct ReadAheadOptions {
  // Of one reader, fetched and not yet asked for. Several rounds of a client, which asks for at
  // most two megabytes at a time.
  std::uint64_t max_window_bytes = 4 << 20;
  // Fetched in one go: what a read that comes meanwhile waits for at most.
  std::uint64_t max_piece_bytes = 1 << 20;
  std::size_t max_ledgers = 512;  // that are being watched
};

// Tells from what was read what will be read next. A *stream* is a reader that goes through a
// ledger: its requests are a constant distance apart, which is their own length when it reads from
// one bookie, and more when it asks several in turn. How far ahead it looks doubles with each
// request that fits, and shrinks when what was fetched was not wanted. No clock, no randomness. One
// thread.
class ReadAhead {
 public:
  explicit ReadAhead(const ReadAheadOptions& options) : options_(options) {}

  // Entries from `first` up to but not including `end`, of which a bookie may have only some.
  struct Range {
    protocol::LedgerId ledger;
    protocol::EntryId first;
    protocol::EntryId end;
  };

  // So many requests of a reader that leaves gaps are told ahead of it.
  static constexpr std::size_t kMaxRanges = 64;

  // Somebody read entries of the range, `bytes` in all. What to fetch now, in this order.
  std::vector<Range> Observe(const Range& read, std::uint64_t bytes);

  // Something that was fetched for this ledger went unread.
  void Wasted(protocol::LedgerId ledger);
  void Forget(protocol::LedgerId ledger);

 private:
  static constexpr std::size_t kMaxStreams = 8;  // of a ledger
  // Because of striping the distance between two requests varies by about an ensemble.
  static constexpr std::int64_t kSlack = 8;
  static constexpr std::int64_t kMaxStride = 16;  // requests of which a reader sends us one
  // Beyond these a request is no part of a run, and sums of ids might overflow.
  static constexpr std::int64_t kMaxLength = 1 << 20;
  static constexpr protocol::EntryId kMaxEnd{1LL << 60};
  static constexpr int kRest = 16;  // requests, after too much was fetched in vain

  struct Stream {
    protocol::EntryId first;  // the last request
    protocol::EntryId end;
    std::int64_t jump = 0;    // from the first entry of a request to that of the next; 0: not known
    protocol::EntryId ahead;  // what begins below it was fetched
    std::uint64_t window = 0;  // bytes
    int rest = 0;              // so many requests are not followed by a fetch
  };
  struct Ledger {
    std::vector<Stream> streams;  // the most recently seen last
    std::list<protocol::LedgerId>::iterator use;
  };

  Ledger& Watch(protocol::LedgerId ledger);
  static Stream* Continued(Ledger& ledger, const Range& read);
  std::vector<Range> Fetch(Stream& stream, const Range& read, std::uint64_t bytes) const;

  const ReadAheadOptions options_;
  std::unordered_map<protocol::LedgerId, Ledger> ledgers_;
  std::list<protocol::LedgerId> uses_;  // the most recent first
};

}  // namespace quire::bookie
