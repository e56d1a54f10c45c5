#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quire::bookie {

enum class ShardMode { kWritable, kReadOnly, kFailed };

// "writable", "read-only", "failed".
std::string_view ModeName(ShardMode mode);

// May the shard take entries? Read-only while at least one reason holds; failed is for ever, until
// the process starts again. Loop thread only.
class ShardHealth {
 public:
  enum Reason : std::uint8_t {
    kLowSpace = 1,      // less free than ShardOptions::min_free_bytes
    kFlushBlocked = 2,  // the last flush found the disk full
    kAdministrator = 4,
    kJournalFull = 8,  // the journal has no room for its next file
  };

  // Called after each change of mode.
  explicit ShardHealth(std::function<void(ShardMode)> changed) : changed_(std::move(changed)) {}

  void Set(Reason reason, bool holds);
  // `why`: for people, and what they can do.
  void Fail(std::string why);

  ShardMode mode() const;
  bool failed() const { return failed_.has_value(); }
  bool read_only() const { return reasons_ != 0; }
  // It is not writable, for people; empty when it is.
  std::vector<std::string> Why() const;
  bool Has(Reason reason) const { return (reasons_ & reason) != 0; }

 private:
  const std::function<void(ShardMode)> changed_;
  std::uint8_t reasons_ = 0;
  std::optional<std::string> failed_;  // why
};

}  // namespace quire::bookie
