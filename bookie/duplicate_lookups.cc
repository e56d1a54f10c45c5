#include "bookie/duplicate_lookups.h"

#include <utility>

#include "common/check.h"
#include "protocol/limits.h"

namespace quire::bookie {

using protocol::EntryAnswer;
using protocol::EntryId;
using protocol::LedgerId;

DuplicateLookups::DuplicateLookups(ShardCore& core, Resolve resolve, Complete complete)
    : core_(core), resolve_(std::move(resolve)), complete_(std::move(complete)) {}

void DuplicateLookups::Enqueue(Waiting add) {
  const Id id{.ledger = add.header.ledger, .entry = add.header.entry};
  bytes_ += add.bytes.size();
  ++add.batch->waiting;
  auto& queue = waiting_[id];
  if (queue.empty()) to_ask_[id.ledger].push_back(id.entry);
  queue.push_back(std::move(add));
}

void DuplicateLookups::Ask() {
  auto asks = std::exchange(to_ask_, {});
  for (auto& [ledger, ids] : asks) Read(ledger, std::move(ids));
}

void DuplicateLookups::Read(LedgerId ledger, std::vector<EntryId> ids) {
  auto asked = ids;
  core_.store->Read(ledger, std::move(asked), protocol::kMaxReadReplyBytes,
                    [this, alive = std::weak_ptr(core_.alive), ledger,
                     ids = std::move(ids)](const std::vector<EntryAnswer>& answers) mutable {
                      if (!alive.expired()) Answered(ledger, std::move(ids), answers);
                    });
}

void DuplicateLookups::Answered(LedgerId ledger, std::vector<EntryId> ids,
                                const std::vector<EntryAnswer>& answers) {
  QUIRE_CHECK(!answers.empty() && answers.size() <= ids.size());
  std::vector<std::shared_ptr<Batch>> complete;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto node = waiting_.extract(Id{.ledger = ledger, .entry = ids[i]});
    for (Waiting& add : node.mapped()) {
      bytes_ -= add.bytes.size();
      resolve_(add, answers[i]);
      if (--add.batch->waiting == 0) complete.push_back(std::move(add.batch));
    }
  }
  core_.Kick();
  if (answers.size() < ids.size()) {  // the read stopped at its bound
    ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(answers.size()));
    Read(ledger, std::move(ids));
  }
  for (const auto& batch : complete) complete_(*batch);
}

}  // namespace quire::bookie
