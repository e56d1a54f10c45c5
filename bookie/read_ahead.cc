#include "bookie/read_ahead.h"

#include <algorithm>
#include <cstdlib>

namespace quire::bookie {

using protocol::EntryId;
using protocol::LedgerId;

std::vector<ReadAhead::Range> ReadAhead::Observe(const Range& read, std::uint64_t bytes) {
  if (read.end - read.first > kMaxLength || read.end > kMaxEnd) return {};
  Ledger& ledger = Watch(read.ledger);
  Stream* const known = Continued(ledger, read);
  if (known == nullptr) {
    if (ledger.streams.size() == kMaxStreams) ledger.streams.erase(ledger.streams.begin());
    Stream stream;
    stream.first = read.first;
    stream.end = stream.ahead = read.end;
    ledger.streams.push_back(stream);
    return {};
  }
  std::rotate(known, known + 1, ledger.streams.data() + ledger.streams.size());
  Stream& stream = ledger.streams.back();
  if (stream.first == read.first) return {};  // a second reader at the same place, or a retry
  const std::int64_t jump = read.first - stream.first;
  const bool expected =
      std::abs(jump - (stream.jump != 0 ? stream.jump : stream.end - stream.first)) <= kSlack;
  stream.first = read.first;
  stream.end = read.end;
  stream.jump = jump;
  if (!expected) {
    stream.window = 0;
    stream.ahead = read.end;
    return {};
  }
  if (stream.rest > 0) {
    --stream.rest;
    return {};
  }
  stream.window = std::min(std::max(2 * stream.window, bytes), options_.max_window_bytes);
  return Fetch(stream, read, bytes);
}

// Nothing while more than half of the window is still ahead: few large fetches, not many small.
std::vector<ReadAhead::Range> ReadAhead::Fetch(Stream& stream, const Range& read,
                                               std::uint64_t bytes) const {
  const auto length = read.end - read.first;
  auto requests = static_cast<std::int64_t>(stream.window / std::max<std::uint64_t>(bytes, 1));
  if (requests == 0) return {};
  const bool gaps = stream.jump > length + kSlack;  // others get what lies between
  if (gaps) requests = std::min<std::int64_t>(requests, kMaxRanges);  // each is a range
  EntryId from = std::max(stream.ahead, gaps ? read.first + stream.jump : read.end);
  const EntryId until = read.first + (requests + 1) * stream.jump;
  if (until - from < (until - read.first) / 2) return {};
  std::vector<Range> ranges;
  if (gaps) {
    for (; from < until; from = from + stream.jump) {
      ranges.push_back({.ledger = read.ledger, .first = from, .end = from + length});
    }
  } else {
    const auto piece =
        std::max<std::int64_t>(1, length * static_cast<std::int64_t>(options_.max_piece_bytes) /
                                      static_cast<std::int64_t>(std::max<std::uint64_t>(bytes, 1)));
    for (; from < until; from = from + piece) {
      ranges.push_back(
          {.ledger = read.ledger, .first = from, .end = std::min(from + piece, until)});
    }
    from = until;
  }
  stream.ahead = from;
  return ranges;
}

void ReadAhead::Wasted(LedgerId ledger) {
  const auto found = ledgers_.find(ledger);
  if (found == ledgers_.end()) return;
  for (Stream& stream : found->second.streams) {
    stream.window /= 2;
    if (stream.window < options_.max_piece_bytes) stream.rest = kRest;
  }
}

void ReadAhead::Forget(LedgerId ledger) {
  const auto found = ledgers_.find(ledger);
  if (found == ledgers_.end()) return;
  uses_.erase(found->second.use);
  ledgers_.erase(found);
}

ReadAhead::Ledger& ReadAhead::Watch(LedgerId ledger) {
  const auto [place, is_new] = ledgers_.try_emplace(ledger);
  if (!is_new) {
    uses_.splice(uses_.begin(), uses_, place->second.use);
    return place->second;
  }
  uses_.push_front(ledger);
  place->second.use = uses_.begin();
  if (ledgers_.size() > options_.max_ledgers) {
    ledgers_.erase(uses_.back());
    uses_.pop_back();
  }
  return place->second;
}

// The stream whose last request ended closest below this one, if that is near enough to be more
// than chance.
ReadAhead::Stream* ReadAhead::Continued(Ledger& ledger, const Range& read) {
  Stream* best = nullptr;
  std::int64_t best_gap = 0;
  for (Stream& stream : ledger.streams) {
    if (stream.first == read.first) return &stream;
    const std::int64_t gap = read.first - stream.end;
    const std::int64_t reach = kMaxStride * (stream.end - stream.first);
    if (stream.first > read.first || gap < -kSlack || gap > reach) continue;
    if (best == nullptr || gap < best_gap) {
      best = &stream;
      best_gap = gap;
    }
  }
  return best;
}

}  // namespace quire::bookie
