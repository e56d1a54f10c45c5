#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/loop.h"
#include "protocol/messages.h"

namespace quire::rpc {

// Names one add among those in flight: whom to tell, and what it was. Kept small; one per replica.
class AddSink;
struct AddTicket {
  std::shared_ptr<AddSink> sink;
  protocol::EntryId entry;
  int slot = 0;
  std::uint32_t generation = 0;     // of the slot when the add was sent (T-09)
  std::int32_t retry_after_ms = 0;  // filled in when the answer is kBusy and says it
};

// Gets the outcome of adds. Loop thread only.
class AddSink {
 public:
  virtual ~AddSink() = default;
  // Exactly once for each add that was sent.
  virtual void OnAdd(const AddTicket& ticket, protocol::Code code) = 0;
};

// The way to one bookie daemon. Used from its loop only. Every call has exactly one completion, in
// a later turn of the loop (T-40): the reply, or kTimeout or kDisconnected made here. Calls on a
// broken connection fail at once; it reconnects by itself with back-off. Adds of one turn, and
// those that wait while a write is in flight, leave as one frame.
class BookieChannel {
 public:
  virtual ~BookieChannel() = default;

  // `add.entry` is copied before this returns.
  virtual void Add(protocol::BookieId bookie, const protocol::Add& add, AddTicket ticket) = 0;

  virtual void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) = 0;
  virtual void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) = 0;
  virtual void WriteLac(protocol::WriteLacRequest request,
                        common::Callback<protocol::WriteLacReply> done) = 0;
  virtual void ListEntries(protocol::ListEntriesRequest request,
                           common::Callback<protocol::ListEntriesReply> done) = 0;
  virtual void Status(protocol::StatusRequest request,
                      common::Callback<protocol::StatusReply> done) = 0;
};

// Gives the channel to an address ("host:port"), one per address, connecting on first use. Never
// null. Loop thread only.
class ChannelPool {
 public:
  virtual ~ChannelPool() = default;
  virtual std::shared_ptr<BookieChannel> Get(const std::string& address) = 0;
};

}  // namespace quire::rpc
