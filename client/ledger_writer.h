#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "client/types.h"
#include "metadata/ledger_metadata.h"

namespace quire::client {

struct WriterOptions {
  // Memory of appends that were begun and have not ended: payload and 256 bytes each. Over it
  // AppendAsync blocks its caller: this bounds the writer's memory while bookies are slow.
  std::size_t max_pending_bytes = 64 * 1024 * 1024;
};

// The one writer of a ledger. Appends get consecutive ids from 0 in the order they are called and
// are acknowledged in that order. Thread-safe. Once the handle is fenced or broken every further
// append fails; make a new ledger then, and seal this one to learn how it ended.
class LedgerWriter {
 public:
  // Abandons the ledger unless Close was called: it stays open and wants a seal. Appends under way
  // end unknown.
  ~LedgerWriter();
  LedgerWriter(const LedgerWriter&) = delete;
  LedgerWriter& operator=(const LedgerWriter&) = delete;

  protocol::LedgerId id() const;

  // Blocks until the outcome is known. Not from inside a callback.
  AppendResult Append(std::string_view payload);

  // Returns at once, unless the budget is used up. `done` runs on the client's thread, once, in the
  // order of the ids: it must not block. From inside a callback an append over the budget fails
  // with kBusy instead of blocking.
  void AppendAsync(std::string_view payload, AppendCallback done);

  // Waits for the appends under way and closes the ledger after the last acknowledged one. Appends
  // from now on fail. Any number of calls, one outcome. kFenced, kMetadataConflict: another client
  // decided where the ledger ends. Not from inside a callback.
  common::Result<void> Close();

  // The last acknowledged entry.
  protocol::EntryId lac() const;
  // As this writer knows it: changes with each ensemble change.
  metadata::LedgerMetadata metadata() const;

 private:
  friend class Client;
  class Impl;
  explicit LedgerWriter(std::shared_ptr<Impl> impl);

  const std::shared_ptr<Impl> impl_;
};

}  // namespace quire::client
