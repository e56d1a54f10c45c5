#include "bookie/shard_router.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace quire::bookie {

using protocol::BookieId;
using protocol::Code;

namespace {

template <typename Reply>
void AnswerWrongBookie(common::Callback<Reply> done) {
  Reply reply;
  reply.code = Code::kWrongBookie;
  done(std::move(reply));
}

}  // namespace

void ShardRouter::Add(Shard& shard) {
  QUIRE_CHECK(by_id_.emplace(shard.bookie(), &shard).second);
  shards_.push_back(&shard);
}

Shard* ShardRouter::Find(BookieId bookie) const {
  const auto found = by_id_.find(bookie);
  return found == by_id_.end() ? nullptr : found->second;
}

void ShardRouter::Add(BookieId bookie, std::span<const protocol::Add> adds,
                      common::Callback<std::vector<Code>> done) {
  if (Shard* shard = Find(bookie)) return shard->Add(adds, std::move(done));
  done(std::vector<Code>(adds.size(), Code::kWrongBookie));
}

void ShardRouter::Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) {
  Shard* shard = Find(request.bookie);
  if (shard == nullptr) return AnswerWrongBookie(std::move(done));
  shard->Read(std::move(request), std::move(done));
}

void ShardRouter::Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) {
  Shard* shard = Find(request.bookie);
  if (shard == nullptr) return AnswerWrongBookie(std::move(done));
  shard->Lac(request, std::move(done));
}

void ShardRouter::WriteLac(protocol::WriteLacRequest request,
                           common::Callback<protocol::WriteLacReply> done) {
  Shard* shard = Find(request.bookie);
  if (shard == nullptr) return AnswerWrongBookie(std::move(done));
  shard->WriteLac(request, std::move(done));
}

void ShardRouter::ListEntries(protocol::ListEntriesRequest request,
                              common::Callback<protocol::ListEntriesReply> done) {
  Shard* shard = Find(request.bookie);
  if (shard == nullptr) return AnswerWrongBookie(std::move(done));
  shard->ListEntries(request, std::move(done));
}

void ShardRouter::Status(protocol::StatusRequest /*request*/,
                         common::Callback<protocol::StatusReply> done) {
  protocol::StatusReply reply{.code = Code::kOk, .instance = instance_, .bookies = {}};
  for (const Shard* shard : shards_) reply.bookies.push_back(shard->Status());
  done(std::move(reply));
}

std::int32_t ShardRouter::RetryAfterMs(protocol::BookieId bookie) const {
  const Shard* shard = Find(bookie);
  return shard == nullptr ? 0 : shard->RetryAfterMs();
}

bool ShardRouter::Accepting() const {
  return shards_.empty() || std::ranges::any_of(shards_, &Shard::Accepting);
}

}  // namespace quire::bookie
