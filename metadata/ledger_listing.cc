#include "metadata/ledger_listing.h"

#include <utility>

namespace quire::metadata {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::LedgerId;

LedgerListing::LedgerListing(common::Loop& loop, OperationSet& owner, MetadataStore& store,
                             std::size_t limit, Done done)
    : OperationOf(loop, owner, std::move(done)), store_(store), limit_(limit) {}

void LedgerListing::Begin(LedgerId after) {
  if (limit_ == 0 || after.value() == INT64_MAX) {
    return NextTurn([this] { Finish(std::vector<LedgerId>{}); });
  }
  position_ = SplitLedgerId(after.value() < 0 ? LedgerId(0) : after + 1);
  Step();
}

void LedgerListing::Step() {
  const std::uint16_t from = position_[level_];
  const std::string after = from == 0 ? "" : LedgerPathPart(from - 1);
  const std::size_t limit = level_ == kLeaf ? limit_ - found_.size() : 1;
  store_.List(LedgerPath(position_, level_), after, limit,
              WhileAlive([this](Result<std::vector<std::string>> names) {
                if (!names && names.error().code() != Errc::kNoNode) {
                  return Finish(Fail(std::move(names).error()));
                }
                Listed(names ? *std::move(names) : std::vector<std::string>{});
              }));
}

void LedgerListing::Listed(const std::vector<std::string>& names) {
  if (names.empty()) {
    if (level_ == 0) return Finish(std::move(found_));
    Advance(level_ - 1);
    return at_end_ ? Finish(std::move(found_)) : Step();
  }
  for (const std::string& name : names) {
    const auto part = ParseLedgerPathPart(name);
    if (!part) {
      return Finish(Fail(Errc::kCorrupt, LedgerPath(position_, level_) + "/" + name +
                                             " does not belong to a ledger"));
    }
    if (*part > position_[level_]) {
      for (std::size_t below = level_ + 1; below < position_.size(); ++below) position_[below] = 0;
    }
    position_[level_] = *part;
    if (level_ == kLeaf) found_.push_back(JoinLedgerId(position_));
  }
  if (level_ < kLeaf) {
    ++level_;
    return Step();
  }
  if (found_.size() >= limit_) return Finish(std::move(found_));
  Advance(kLeaf);
  at_end_ ? Finish(std::move(found_)) : Step();
}

void LedgerListing::Advance(std::size_t level) {
  for (std::size_t below = level + 1; below < position_.size(); ++below) position_[below] = 0;
  level_ = level;
  while (position_[level_] == UINT16_MAX) {
    position_[level_] = 0;
    if (level_ == 0) {
      at_end_ = true;
      return;
    }
    --level_;
  }
  ++position_[level_];
}

}  // namespace quire::metadata
