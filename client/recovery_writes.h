#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/busy_run.h"
#include "client/ensemble_change.h"
#include "client/pending_adds.h"
#include "common/error.h"
#include "metadata/ledger_metadata.h"
#include "protocol/code.h"

namespace quire::client {

// The write-back of a recovery (protocol 1.7, step 4): each recovered entry, byte for byte as it
// was read, goes to its whole write set and is done, in order, at Qa acknowledgements. A slot that
// fails gets another bookie in memory only; the segments that follow from it are published by the
// close.
class RecoveryWrites {
 public:
  struct Send {
    protocol::EntryId entry;
    int slot = 0;
    std::uint32_t generation = 0;
  };

  RecoveryWrites(const protocol::Replication& replication, metadata::Ensemble ensemble,
                 protocol::EntryId first, PickBookie pick);

  // The entry `next()`.
  void Push(std::string bytes, std::vector<Send>& sends);

  // kNotEnoughBookies when too few slots of a write set are left to reach Qa (T-22); other errors
  // end the recovery as well. `again` gets a send that met a busy bookie.
  common::Result<void> OnAdd(const Send& send, protocol::Code code, std::vector<Send>& sends,
                             std::vector<Send>& again);
  bool ShouldResend(const Send& send) const;

  protocol::EntryId next() const { return pending_.next(); }
  protocol::EntryId confirmed() const { return pending_.first() - 1; }
  bool idle() const { return pending_.empty(); }
  // So many bytes wait to be written back that no more should be read for now.
  bool full() const { return pending_.bytes() >= kMaxPendingBytes; }
  std::string_view Bytes(protocol::EntryId entry) { return pending_.at(entry).bytes; }
  protocol::BookieId BookieOf(int slot) const { return ensemble_[static_cast<std::size_t>(slot)]; }
  // Segments that the replacements made, by first entry.
  const std::map<protocol::EntryId, metadata::Ensemble>& segments() const { return segments_; }

 private:
  static constexpr std::size_t kMaxPendingBytes = 32 * 1024 * 1024;

  common::Result<void> SlotFailed(int slot, std::vector<Send>& sends);

  const protocol::Replication replication_;
  const PickBookie pick_;
  metadata::Ensemble ensemble_;
  std::vector<std::uint32_t> generation_;
  std::vector<BusyRun> busy_;
  protocol::SlotSet dead_;  // failed and nobody to replace them
  std::set<protocol::BookieId> bad_;
  PendingAdds pending_;
  std::map<protocol::EntryId, metadata::Ensemble> segments_;
};

}  // namespace quire::client
