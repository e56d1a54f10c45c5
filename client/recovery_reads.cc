#include "client/recovery_reads.h"

#include <algorithm>
#include <utility>

namespace quire::client {
namespace {

constexpr std::size_t kLargestWindow = 1024;
constexpr std::size_t kSmallestWindow = 16;
constexpr std::size_t kWindowBytes = 32 * 1024 * 1024;

}  // namespace

using protocol::Code;
using protocol::EntryId;

RecoveryReads::RecoveryReads(const protocol::Replication& replication, EntryId first)
    : replication_(replication), next_(first) {}

void RecoveryReads::Extend(std::vector<Ask>& asks) {
  if (tallies_.size() > window_ / 2) return;
  const std::size_t bound = std::clamp(kWindowBytes / largest_, kSmallestWindow, kLargestWindow);
  window_ = std::min(tallies_.empty() ? window_ : window_ * 2, bound);
  const EntryId begin = next_ + static_cast<std::int64_t>(tallies_.size());
  const EntryId end = next_ + static_cast<std::int64_t>(window_);
  std::vector<Ask> by_slot(static_cast<std::size_t>(replication_.ensemble));
  for (EntryId entry = begin; entry < end; ++entry) {
    tallies_.emplace_back();
    for (int i = 0; i < replication_.write_quorum; ++i) {
      const int slot = protocol::WriteSetSlot(replication_, entry, i);
      by_slot[static_cast<std::size_t>(slot)].entries.push_back(entry);
    }
  }
  for (int slot = 0; slot < replication_.ensemble; ++slot) {
    auto& ask = by_slot[static_cast<std::size_t>(slot)];
    ask.slot = slot;
    if (!ask.entries.empty()) asks.push_back(std::move(ask));
  }
}

void RecoveryReads::OnAnswer(int slot, EntryId entry, Code code, std::string bytes) {
  if (entry < next_ || entry - next_ >= static_cast<std::int64_t>(tallies_.size())) return;
  Tally& tally = tallies_[static_cast<std::size_t>(entry - next_)];
  if (tally.answered.Contains(slot) || !protocol::InWriteSet(replication_, entry, slot)) return;
  tally.answered.Insert(slot);
  tally.codes.emplace_back(slot, code);
  if (code == Code::kOk && !tally.found) {
    tally.found = true;
    tally.bytes = std::move(bytes);
    largest_ = std::max(largest_, tally.bytes.size());
  }
  if (protocol::IsNegative(code)) ++tally.negatives;  // unknown is never a negative (T-15, T-16)
}

RecoveryReads::Verdict RecoveryReads::Decide() const {
  if (tallies_.empty()) return Verdict::kWait;
  const Tally& tally = tallies_.front();
  if (tally.found) return Verdict::kFound;
  if (tally.negatives >= protocol::NegativeQuorum(replication_)) return Verdict::kEnd;
  if (tally.answered.size() == replication_.write_quorum) return Verdict::kBlocked;
  return Verdict::kWait;
}

std::string RecoveryReads::TakeFound() {
  std::string bytes = std::move(tallies_.front().bytes);
  tallies_.pop_front();
  ++next_;
  return bytes;
}

std::string RecoveryReads::Explain() const {
  std::string text;
  if (tallies_.empty()) return text;
  for (const auto& [slot, code] : tallies_.front().codes) {
    if (!text.empty()) text += ", ";
    text += "slot " + std::to_string(slot) + " " + std::string(protocol::CodeName(code));
  }
  return text;
}

}  // namespace quire::client
