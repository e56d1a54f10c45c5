#pragma once

#include <deque>
#include <string>
#include <vector>

#include "protocol/code.h"
#include "protocol/ids.h"
#include "protocol/quorum.h"

namespace quire::client {

// The fencing reads of a recovery: which entries have been asked of which slots, what each
// answered, and what follows for the lowest undecided entry (protocol 1.7, step 3). Asks for
// windows of entries at once, each slot for all of the window that it may hold, and decides
// strictly in order.
class RecoveryReads {
 public:
  struct Ask {
    int slot = 0;
    std::vector<protocol::EntryId> entries;
  };
  enum class Verdict {
    kWait,     // more answers may decide it
    kFound,    // one verified copy is enough
    kEnd,      // so many denials that nobody can ever have acknowledged it
    kBlocked,  // everybody answered, and it is neither: only more bookies can tell
  };

  RecoveryReads(const protocol::Replication& replication, protocol::EntryId first);

  // Extends the window when a good part of it is decided; adds what is to be asked now.
  void Extend(std::vector<Ask>& asks);

  // One slot's answer for one entry; `code` is kOk only for verified bytes.
  void OnAnswer(int slot, protocol::EntryId entry, protocol::Code code, std::string bytes);

  protocol::EntryId next() const { return next_; }  // the lowest undecided entry
  Verdict Decide() const;
  std::string TakeFound();  // after kFound: the copy; moves on to the entry above

  // "b0 timeout, b1 no entry": for the message when recovery is blocked.
  std::string Explain() const;

 private:
  struct Tally {
    std::string bytes;
    bool found = false;
    int negatives = 0;
    protocol::SlotSet answered;
    std::vector<std::pair<int, protocol::Code>> codes;
  };

  const protocol::Replication replication_;
  protocol::EntryId next_;     // of tallies_.front()
  std::deque<Tally> tallies_;  // of the entries asked for and not decided
  std::size_t window_ = 64;    // entries; grows while some are found, within a bound of bytes
  std::size_t largest_ = 1;    // of the entries found, in bytes
};

}  // namespace quire::client
