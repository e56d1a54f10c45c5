#pragma once

#include <cstddef>
#include <string>

#include "common/check.h"
#include "common/ring_queue.h"
#include "protocol/ids.h"
#include "protocol/quorum.h"

namespace quire::client {

// The entries a writer has handed out and not yet confirmed: consecutive ids, each with its bytes
// and the slots that hold it durably. Below them, for a while, those that are confirmed and still
// on their way to a slot. Loop thread only.
class PendingAdds {
 public:
  struct Add {
    std::string bytes;  // encoded
    protocol::SlotSet acks;
  };

  explicit PendingAdds(protocol::EntryId first) : first_(first), base_(first) {}

  // Of the entries that are not confirmed.
  bool empty() const { return first_ == next(); }
  protocol::EntryId first() const { return first_; }  // the lowest pending id, or next()
  protocol::EntryId next() const { return base_ + static_cast<std::int64_t>(adds_.size()); }
  bool Contains(protocol::EntryId entry) const { return entry >= first_ && entry < next(); }
  const Add& front() const { return adds_[static_cast<std::size_t>(first_ - base_)]; }

  // Pending, or confirmed and not trimmed yet.
  bool Holds(protocol::EntryId entry) const { return entry >= base_ && entry < next(); }
  Add& at(protocol::EntryId entry) {
    QUIRE_CHECK(Holds(entry));
    return adds_[static_cast<std::size_t>(entry - base_)];
  }

  // Of the entries that are not confirmed.
  std::size_t bytes() const { return bytes_; }

  void Push(std::string bytes) {
    bytes_ += bytes.size();
    adds_.push_back({.bytes = std::move(bytes), .acks = {}});
  }
  // The lowest pending entry is confirmed; its bytes stay until a Trim.
  void Confirm() {
    confirmed_bytes_ += front().bytes.size();
    bytes_ -= front().bytes.size();
    ++first_;
  }
  // Forgets confirmed entries from below: those nobody waits for, and all beyond `max_bytes`.
  template <typename Complete>
  void Trim(std::size_t max_bytes, Complete complete) {
    while (base_ < first_ && (confirmed_bytes_ > max_bytes || complete(base_, adds_.front()))) {
      confirmed_bytes_ -= adds_.front().bytes.size();
      adds_.pop_front();
      ++base_;
    }
  }
  void Clear() {  // first() stays
    adds_.clear();
    base_ = first_;
    bytes_ = confirmed_bytes_ = 0;
  }

 private:
  protocol::EntryId first_;
  protocol::EntryId base_;  // of adds_.front(); not above first_
  common::RingQueue<Add> adds_;
  std::size_t bytes_ = 0;            // in adds_ from first_ on
  std::size_t confirmed_bytes_ = 0;  // in adds_ below first_
};

}  // namespace quire::client
