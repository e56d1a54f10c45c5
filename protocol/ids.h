#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace quire::protocol {

// A 63-bit number that cannot be mixed up with another kind of number.
template <typename Tag>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(std::int64_t value) : value_(value) {}

  constexpr std::int64_t value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;

  constexpr StrongId operator+(std::int64_t n) const { return StrongId(value_ + n); }
  constexpr StrongId operator-(std::int64_t n) const { return StrongId(value_ - n); }
  constexpr std::int64_t operator-(StrongId other) const { return value_ - other.value_; }
  constexpr StrongId& operator++() {
    ++value_;
    return *this;
  }

 private:
  std::int64_t value_ = 0;
};

using LedgerId = StrongId<struct LedgerTag>;
using EntryId = StrongId<struct EntryTag>;

// "Nothing": the LAC of a ledger without a confirmed entry, the end of a ledger closed empty
// (T-21).
inline constexpr EntryId kNoEntry{-1};

}  // namespace quire::protocol

template <typename Tag>
struct std::hash<quire::protocol::StrongId<Tag>> {
  std::size_t operator()(quire::protocol::StrongId<Tag> id) const noexcept {
    // Neighbouring ids must not land in neighbouring buckets of a power-of-two table only.
    return static_cast<std::size_t>(static_cast<std::uint64_t>(id.value()) * 0x9e3779b97f4a7c15ULL);
  }
};
