#include "client/lac_query.h"

#include <algorithm>
#include <utility>

namespace quire::client {
namespace {

struct Query {
  protocol::Replication replication;
  protocol::SlotSet known;
  int answered = 0;
  protocol::EntryId highest = protocol::kNoEntry;
  bool finished = false;
  common::Callback<common::Result<protocol::EntryId>> done;
};

void OnReply(const std::shared_ptr<Query>& query, int slot, const protocol::LacReply& reply) {
  if (query->finished) return;
  ++query->answered;
  if (protocol::IsKnown(reply.code)) query->known.Insert(slot);
  if (reply.code == protocol::Code::kOk) query->highest = std::max(query->highest, reply.lac);
  if (protocol::Covered(query->replication, query->known)) {
    query->finished = true;
    query->done(query->highest);
  } else if (query->answered == query->replication.ensemble) {
    query->finished = true;
    query->done(common::Fail(common::Errc::kReadFailed, "too few bookies answered for the LAC"));
  }
}

}  // namespace

void QueryLac(Services& services, const metadata::VersionedLedger& ledger,
              common::Callback<common::Result<protocol::EntryId>> done) {
  const auto query = std::make_shared<Query>();
  query->replication = ledger.value->replication;
  query->done = std::move(done);
  const metadata::Ensemble ensemble = ledger.value->LastEnsemble();
  for (int slot = 0; slot < query->replication.ensemble; ++slot) {
    const auto bookie = ensemble[static_cast<std::size_t>(slot)];
    protocol::LacRequest request;
    request.bookie = bookie;
    request.deadline_ms = services.read_deadline_ms();
    request.ledger = ledger.value->id;
    services.ChannelTo(bookie)->Lac(
        request, [query, slot](protocol::LacReply reply) { OnReply(query, slot, reply); });
  }
}

}  // namespace quire::client
