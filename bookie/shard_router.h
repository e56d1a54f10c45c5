#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "bookie/shard.h"
#include "protocol/uuid.h"
#include "rpc/bookie_handler.h"

namespace quire::bookie {

// Gives each request to the bookie it names. A bookie that is not here is answered kWrongBookie and
// never with a denial: this process cannot speak for it (T-17). Loop thread only.
class ShardRouter final : public rpc::BookieHandler {
 public:
  explicit ShardRouter(protocol::InstanceId instance) : instance_(instance) {}

  // The shard is open, and stays as long as the router.
  void Add(Shard& shard);

  void Add(protocol::BookieId bookie, std::span<const protocol::Add> adds,
           common::Callback<std::vector<protocol::Code>> done) override;
  void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) override;
  void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) override;
  void WriteLac(protocol::WriteLacRequest request,
                common::Callback<protocol::WriteLacReply> done) override;
  void ListEntries(protocol::ListEntriesRequest request,
                   common::Callback<protocol::ListEntriesReply> done) override;
  void Status(protocol::StatusRequest request,
              common::Callback<protocol::StatusReply> done) override;

  // Some bookie takes bytes. One slow disk of several must not stop the connections that all of
  // them share; it answers kBusy instead.
  bool Accepting() const override;
  std::int32_t RetryAfterMs(protocol::BookieId bookie) const override;

 private:
  Shard* Find(protocol::BookieId bookie) const;

  const protocol::InstanceId instance_;
  std::unordered_map<protocol::BookieId, Shard*> by_id_;
  std::vector<Shard*> shards_;  // in the order given
};

}  // namespace quire::bookie
