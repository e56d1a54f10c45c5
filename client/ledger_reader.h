#pragma once

#include <memory>
#include <vector>

#include "client/types.h"
#include "metadata/ledger_metadata.h"

namespace quire::client {

// Reads a ledger: what is confirmed, verified end to end, from whichever replica answers.
// Thread-safe. Calls block until their outcome is known; none may be made from inside a callback.
class LedgerReader {
 public:
  ~LedgerReader();
  LedgerReader(const LedgerReader&) = delete;
  LedgerReader& operator=(const LedgerReader&) = delete;

  protocol::LedgerId id() const;
  metadata::LedgerMetadata metadata() const;
  // What this handle knows now.
  Progress progress() const;

  // Asks the bookies how far the ledger is confirmed.
  common::Result<Progress> ReadLac();

  // Entries first..last in one round of calls: all of them, or a prefix (at least one entry) when
  // they are many or large; go on after the last one returned. kNoSuchEntry: `last` is above
  // progress().lac. kReadFailed: try again later. kDataLoss: every replica denies a confirmed
  // entry.
  common::Result<std::vector<Entry>> Read(protocol::EntryId first, protocol::EntryId last);

  // Waits until more than `known` is confirmed or the ledger is closed, or `at_most` has passed.
  // Bookies tell as soon as they know; nobody polls.
  common::Result<Progress> Wait(protocol::EntryId known, common::Duration at_most);

 private:
  friend class Client;
  class Impl;
  explicit LedgerReader(std::shared_ptr<Impl> impl);

  const std::shared_ptr<Impl> impl_;
};

}  // namespace quire::client
