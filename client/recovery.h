#pragma once

#include <memory>

#include "client/recovery_protocol.h"
#include "client/services.h"

namespace quire::client {

// Carries out what RecoveryProtocol decides. Loop thread only; keeps itself alive until it has
// called back.
class Recovery final : public rpc::AddSink, public std::enable_shared_from_this<Recovery> {
 public:
  struct Outcome {
    metadata::VersionedLedger ledger;  // closed
    bool was_closed = false;           // before we came
    std::int64_t recovered = 0;        // entries above the LAC that were copied back
  };
  using Done = common::Callback<common::Result<Outcome>>;

  static void Start(Services& services, metadata::VersionedLedger ledger, Done done);

  Recovery(Services& services, metadata::VersionedLedger ledger, Done done);

  void OnAdd(const rpc::AddTicket& ticket, protocol::Code code) override;

 private:
  template <typename Step>
  void Run(Step step);
  void Apply(RecoveryEffects& effects);
  void SendFence();
  void Read(int slot, std::vector<protocol::EntryId> entries, int refusals = 0);
  void ReadLater(int slot, std::vector<protocol::EntryId> entries, int refusals,
                 std::int32_t retry_after_ms);
  void Send(const RecoveryWrites::Send& send);
  void ReadLength(protocol::EntryId entry);
  void Finish();

  Services& services_;
  const bool was_closed_;
  RecoveryProtocol protocol_;
  Done done_;
  std::int32_t retry_after_ms_ = 0;  // as the answer said that is being looked at
};

}  // namespace quire::client
