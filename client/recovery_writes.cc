#include "client/recovery_writes.h"

#include <utility>

#include "client/live_slots.h"

namespace quire::client {
namespace {

constexpr int kMaxBusyRetries = 100;

}  // namespace

using common::Errc;
using common::Fail;
using protocol::Code;
using protocol::EntryId;

RecoveryWrites::RecoveryWrites(const protocol::Replication& replication,
                               metadata::Ensemble ensemble, EntryId first, PickBookie pick)
    : replication_(replication),
      pick_(std::move(pick)),
      ensemble_(std::move(ensemble)),
      generation_(ensemble_.size(), 0),
      busy_(ensemble_.size()),
      pending_(first) {}

void RecoveryWrites::Push(std::string bytes, std::vector<Send>& sends) {
  const EntryId entry = pending_.next();
  pending_.Push(std::move(bytes));
  for (int i = 0; i < replication_.write_quorum; ++i) {
    const int slot = protocol::WriteSetSlot(replication_, entry, i);
    if (!dead_.Contains(slot)) {
      sends.push_back({entry, slot, generation_[static_cast<std::size_t>(slot)]});
    }
  }
}

bool RecoveryWrites::ShouldResend(const Send& send) const {
  return pending_.Contains(send.entry) && !dead_.Contains(send.slot) &&
         send.generation == generation_[static_cast<std::size_t>(send.slot)];
}

common::Result<void> RecoveryWrites::OnAdd(const Send& send, Code code, std::vector<Send>& sends,
                                           std::vector<Send>& again) {
  const auto index = static_cast<std::size_t>(send.slot);
  if (send.generation != generation_[index]) return {};
  switch (code) {
    case Code::kOk:
      busy_[index].Reset();
      if (pending_.Contains(send.entry)) pending_.at(send.entry).acks.Insert(send.slot);
      while (!pending_.empty() && pending_.front().acks.size() >= replication_.ack_quorum) {
        pending_.Confirm();
      }
      pending_.Trim(0, [](auto, const auto&) { return true; });
      return {};
    case Code::kBusy:
      if (!pending_.Contains(send.entry)) return {};
      if (busy_[index].Refused(send.entry, pending_) <= kMaxBusyRetries) {
        again.push_back(send);
        return {};
      }
      return SlotFailed(send.slot, sends);
    case Code::kFenced: return Fail(Errc::kNoSuchLedger, "a bookie says that it was deleted");
    case Code::kUnauthorized: return Fail(Errc::kUnauthorized);
    case Code::kConflict:
      return Fail(Errc::kConflict, "replicas of entry " + std::to_string(send.entry.value()) +
                                       " differ; keep the bookies as they are and report this");
    default: return SlotFailed(send.slot, sends);
  }
}

common::Result<void> RecoveryWrites::SlotFailed(int slot, std::vector<Send>& sends) {
  if (dead_.Contains(slot)) return {};
  const auto index = static_cast<std::size_t>(slot);
  bad_.insert(ensemble_[index]);
  std::set<protocol::BookieId> exclude = bad_;
  exclude.insert(ensemble_.begin(), ensemble_.end());
  const auto spare = pick_(exclude);
  if (!spare) {
    dead_.Insert(slot);
    if (EnoughLiveSlots(replication_, dead_)) return {};
    return Fail(Errc::kNotEnoughBookies, "too few bookies are left to restore the last entries");
  }
  ensemble_[index] = *spare;
  ++generation_[index];
  busy_[index].Reset();
  segments_[pending_.first()] = ensemble_;
  for (EntryId entry = pending_.first(); entry < pending_.next(); ++entry) {
    if (!protocol::InWriteSet(replication_, entry, slot)) continue;
    pending_.at(entry).acks.Erase(slot);
    sends.push_back({entry, slot, generation_[index]});
  }
  return {};
}

}  // namespace quire::client
