#pragma once

#include <deque>
#include <string>

#include "common/check.h"
#include "protocol/ids.h"
#include "protocol/quorum.h"

namespace quire::client {

// The entries a writer has handed out and not yet confirmed: consecutive ids, each with its bytes and
// the slots that hold it durably. Loop thread only.
class PendingAdds {
 public:
  struct Add {
    std::string bytes;  // encoded
    protocol::SlotSet acks;
  };

  explicit PendingAdds(protocol::EntryId first) : first_(first) {}

  bool empty() const { return adds_.empty(); }
  std::size_t size() const { return adds_.size(); }
  protocol::EntryId first() const { return first_; }  // the lowest pending id, or next()
  protocol::EntryId next() const { return first_ + static_cast<std::int64_t>(adds_.size()); }
  bool Contains(protocol::EntryId entry) const { return entry >= first_ && entry < next(); }

  Add& at(protocol::EntryId entry) {
    QUIRE_CHECK(Contains(entry));
    return adds_[static_cast<std::size_t>(entry - first_)];
  }
  const Add& front() const { return adds_.front(); }

  void Push(std::string bytes) { adds_.push_back({.bytes = std::move(bytes), .acks = {}}); }
  void PopFront() {
    adds_.pop_front();
    ++first_;
  }
  void Clear() { adds_.clear(); }  // first() stays

 private:
  protocol::EntryId first_;
  std::deque<Add> adds_;
};

}  // namespace quire::client
