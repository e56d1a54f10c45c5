#include "bookie/shard_health.h"

#include <utility>

namespace quire::bookie {

std::string_view ModeName(ShardMode mode) {
  switch (mode) {
    case ShardMode::kWritable: return "writable";
    case ShardMode::kReadOnly: return "read-only";
    case ShardMode::kFailed: return "failed";
  }
  return "failed";
}

ShardMode ShardHealth::mode() const {
  if (failed_) return ShardMode::kFailed;
  return read_only() ? ShardMode::kReadOnly : ShardMode::kWritable;
}

std::vector<std::string> ShardHealth::Why() const {
  if (failed_) return {*failed_};
  std::vector<std::string> why;
  if (Has(kLowSpace)) why.emplace_back("too little free space");
  if (Has(kFlushBlocked)) why.emplace_back("a flush found the disk full");
  if (Has(kJournalFull)) why.emplace_back("the journal found the disk full");
  if (Has(kAdministrator)) why.emplace_back("set read-only");
  return why;
}

void ShardHealth::Set(Reason reason, bool holds) {
  const ShardMode before = mode();
  reasons_ = static_cast<std::uint8_t>(holds ? reasons_ | reason : reasons_ & ~reason);
  if (mode() != before && changed_) changed_(mode());
}

void ShardHealth::Fail(std::string why) {
  if (failed_) return;
  failed_ = std::move(why);
  if (changed_) changed_(ShardMode::kFailed);
}

}  // namespace quire::bookie
