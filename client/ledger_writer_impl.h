#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/client_core.h"
#include "client/ledger_writer.h"
#include "client/writer.h"

namespace quire::client {

// The thread-safe side of a Writer: an inbox that the loop empties in one turn, and the budget.
class LedgerWriter::Impl : public std::enable_shared_from_this<LedgerWriter::Impl> {
 public:
  // Loop thread.
  Impl(std::shared_ptr<ClientCore> core, std::shared_ptr<Writer> writer, WriterOptions options);
  void ListenForShutdown();

  void AppendAsync(std::string_view payload, AppendCallback done);
  common::Result<void> Close();
  void Abandon();
  protocol::LedgerId id() const { return id_; }
  protocol::EntryId lac();
  metadata::LedgerMetadata metadata();
  bool InLoopThread() const { return core_->loop().InLoopThread(); }

 private:
  struct Item {
    std::string bytes;
    AppendCallback done;
  };

  void Drain();
  void Release(std::size_t cost, protocol::EntryId lac);
  void OnShutdown();

  const std::shared_ptr<ClientCore> core_;
  const WriterOptions options_;
  const protocol::LedgerId id_;
  const std::shared_ptr<common::Task> farewell_;

  std::mutex mutex_;
  std::condition_variable room_;
  // Guarded by mutex_.
  std::vector<Item> inbox_;
  std::size_t pending_bytes_ = 0;
  int blocked_ = 0;         // callers that wait for room
  bool scheduled_ = false;  // a Drain is posted
  bool shutdown_ = false;
  protocol::EntryId lac_ = protocol::kNoEntry;
  metadata::VersionedLedger ledger_;

  // Loop thread.
  const std::shared_ptr<Writer> writer_;
  std::vector<Item> draining_;
};

}  // namespace quire::client
