#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/ids.h"

namespace quire::bookie {

// Something in a stopped bookie's directory that is not as it should be.
struct Finding {
  enum class Kind {
    kDamage,    // bytes that should be there are not, or are others
    kHarmless,  // what crashes leave behind; the next start deals with it
  };

  Kind kind = Kind::kDamage;
  std::string file = {};  // below the directory
  std::optional<std::uint64_t> offset = {};
  // What it concerns, as far as that is known.
  std::optional<protocol::LedgerId> ledger = {};
  // First and last.
  std::optional<std::pair<protocol::EntryId, protocol::EntryId>> entries = {};
  std::string what = {};
  std::string advice = {};
};

// Findings in the order they were made. Keeps a bounded number and counts all.
class FindingList {
 public:
  static constexpr std::size_t kMaxKept = 10'000;

  void Add(Finding finding) {
    ++(finding.kind == Finding::Kind::kDamage ? damages_ : harmless_);
    if (kept_.size() < kMaxKept) kept_.push_back(std::move(finding));
  }

  const std::vector<Finding>& kept() const { return kept_; }
  std::uint64_t damages() const { return damages_; }
  std::uint64_t harmless() const { return harmless_; }
  std::uint64_t dropped() const { return damages_ + harmless_ - kept_.size(); }

 private:
  std::vector<Finding> kept_;
  std::uint64_t damages_ = 0;
  std::uint64_t harmless_ = 0;
};

// The advice that most kinds of damage share.
inline constexpr const char* kOtherCopies =
    "other bookies hold copies of what was acknowledged; delete nothing here, keep this directory "
    "as it is and give the daemon a new, empty one";

}  // namespace quire::bookie
