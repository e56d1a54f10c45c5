#pragma once

#include <cstddef>
#include <expected>
#include <vector>

#include "bookie/shard_core.h"
#include "common/loop.h"
#include "protocol/messages.h"

namespace quire::bookie {

// READ, READ_LAC, both with or without FENCE, WRITE_LAC and LIST of protocol 1.3. A fence sets the
// flag in the turn that looks up the answer, and every answer to a fencing request, positive,
// negative or empty, waits until the record that shut the ledger is durable (T-03), whoever
// appended it. Loop thread only.
class Reads {
 public:
  explicit Reads(ShardCore& core) : core_(core) {}

  void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done);
  void Lac(const protocol::LacRequest& request, common::Callback<protocol::LacReply> done);
  void WriteLac(const protocol::WriteLacRequest& request,
                common::Callback<protocol::WriteLacReply> done);
  void List(const protocol::ListEntriesRequest& request,
            common::Callback<protocol::ListEntriesReply> done);

 private:
  // Shuts the ledger, making its state if it was never seen. The LSN that the answer waits for, or
  // why the ledger was not fenced.
  std::expected<Lsn, protocol::Code> Fence(protocol::LedgerId ledger,
                                           const protocol::LedgerKey& key);
  void ReadStored(protocol::ReadRequest request, protocol::ReadReply reply, std::size_t max_bytes,
                  Lsn shut, common::Callback<protocol::ReadReply> done);
  // Tells the store what was read, so that it can be ahead of the reader.
  void Note(protocol::LedgerId ledger, const protocol::ReadReply& reply);
  void AskStore(protocol::LedgerId ledger, std::vector<protocol::EntryId> ids,
                protocol::ReadReply reply, std::size_t max_bytes, Lsn shut,
                common::Callback<protocol::ReadReply> done);
  void ListStored(protocol::LedgerId ledger, protocol::EntryId from, std::size_t max_runs,
                  common::Callback<protocol::ListEntriesReply> done);
  void ReplyLac(protocol::LedgerId ledger, Lsn shut, common::Callback<protocol::LacReply> done);
  // Sends the reply when `lsn` is durable; kUnknown if it never will be.
  template <typename Reply>
  void Send(Lsn lsn, Reply reply, common::Callback<Reply> done);

  ShardCore& core_;
};

}  // namespace quire::bookie
