#pragma once

#include "client/pending_adds.h"
#include "protocol/ids.h"

namespace quire::client {

// How long a slot's bookie has been busy, in pauses. An overloaded bookie refuses all that is in
// flight at once, so one entry is counted and not every answer.
class BusyRun {
 public:
  // The entry was refused. Returns how often in a row the counted one was.
  int Refused(protocol::EntryId entry, const PendingAdds& adds) {
    if (count_ == 0 || entry == entry_ || !adds.Holds(entry_)) {
      entry_ = entry;
      ++count_;
    }
    return count_;
  }
  void Reset() { count_ = 0; }

 private:
  protocol::EntryId entry_;
  int count_ = 0;
};

}  // namespace quire::client
