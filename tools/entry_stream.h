#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "client/ledger_reader.h"
#include "common/error.h"

namespace quire::tools {

// The entries first..last of a ledger as a sequence of batches. A thread of its own fetches the
// next ones while the caller works on one; at most three wait (some 2 MiB each).
class EntryStream {
 public:
  using Batch = std::vector<client::Entry>;

  EntryStream(client::LedgerReader& reader, protocol::EntryId first, protocol::EntryId last);
  // Waits for the read under way.
  ~EntryStream();
  EntryStream(const EntryStream&) = delete;
  EntryStream& operator=(const EntryStream&) = delete;

  // nullopt after the last one. After an error: nothing more.
  common::Result<std::optional<Batch>> Next();

 private:
  void Run();

  client::LedgerReader& reader_;
  const protocol::EntryId first_;
  const protocol::EntryId last_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<common::Result<Batch>> ready_;
  bool finished_ = false;  // the thread adds nothing more
  bool stop_ = false;

  std::thread thread_;
};

}  // namespace quire::tools
