#include "bookie/duplicate_lookups.h"

#include <utility>

#include "common/check.h"

namespace quire::bookie {

// Looked at in one go: what is read only to be compared must not take much memory.
constexpr std::size_t kLookupBytes = std::size_t{256} << 10;

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
  // Each add has a deadline of its own, so the queue has none for the look-up.
  core_.reads.Submit(0, [this, ledger, ids = std::move(ids)](bool /*expired*/) mutable {
    DropExpired(ledger, ids);
    if (ids.empty()) return core_.reads.End();
    AskStore(ledger, std::move(ids));
  });
}

void DuplicateLookups::AskStore(LedgerId ledger, std::vector<EntryId> ids) {
  auto asked = ids;
  core_.store->Read(ledger, std::move(asked), kLookupBytes,
                    [this, alive = std::weak_ptr(core_.alive), ledger,
                     ids = std::move(ids)](const std::vector<EntryAnswer>& answers) mutable {
                      if (alive.expired()) return;
                      core_.reads.End();
                      Answered(ledger, std::move(ids), answers);
                    });
}

void DuplicateLookups::DropExpired(LedgerId ledger, std::vector<EntryId>& ids) {
  const common::TimePoint now = core_.loop.Now();
  std::vector<std::shared_ptr<Batch>> complete;
  std::erase_if(ids, [&](EntryId id) {
    const auto found = waiting_.find(Id{.ledger = ledger, .entry = id});
    std::erase_if(found->second, [&](Waiting& add) {
      if (now < add.deadline) return false;
      ++expired_;
      bytes_ -= add.bytes.size();
      add.batch->codes[add.index] = protocol::Code::kExpired;
      if (--add.batch->waiting == 0) complete.push_back(std::move(add.batch));
      return true;
    });
    if (!found->second.empty()) return false;
    waiting_.erase(found);
    return true;
  });
  for (const auto& batch : complete) complete_(*batch);
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
