#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/random.h"

namespace quire::protocol {

// 128 random bits: written as 32 hexadecimal digits for people, as 16 bytes on the wire.
template <typename Tag>
struct Uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const { return high == 0 && low == 0; }

  static Uuid Make(common::Random& random) { return {random(), random()}; }
};

namespace internal {
std::string UuidHex(std::uint64_t high, std::uint64_t low);
std::string UuidBytes(std::uint64_t high, std::uint64_t low);
bool ParseUuidHex(std::string_view text, std::uint64_t& high, std::uint64_t& low);
bool ParseUuidBytes(std::string_view bytes, std::uint64_t& high, std::uint64_t& low);
}  // namespace internal

template <typename Tag>
std::string ToHex(const Uuid<Tag>& id) {
  return internal::UuidHex(id.high, id.low);
}
template <typename Tag>
std::string ToBytes(const Uuid<Tag>& id) {
  return internal::UuidBytes(id.high, id.low);
}
template <typename Id>
std::optional<Id> FromHex(std::string_view text) {
  Id id;
  return internal::ParseUuidHex(text, id.high, id.low) ? std::optional(id) : std::nullopt;
}
template <typename Id>
std::optional<Id> FromBytes(std::string_view bytes) {
  Id id;
  return internal::ParseUuidBytes(bytes, id.high, id.low) ? std::optional(id) : std::nullopt;
}

// One directory of one bookie daemon, from its formatting on. A directory that was wiped and
// formatted again is another bookie: it cannot answer for the past of the first (T-17). Ensembles
// and requests name bookies by this; addresses are looked up in the registry.
using BookieId = Uuid<struct BookieTag>;

// The cluster, made by `quire cluster init`.
using InstanceId = Uuid<struct InstanceTag>;

// Drawn when a ledger is created and kept in its metadata. Tells one's own ambiguous create from a
// stranger's, and is the ledger key that adds and fences must show to a bookie (protocol 1.2).
using LedgerKey = Uuid<struct LedgerKeyTag>;

// One handle that changes metadata; with a sequence number it names one mutation (protocol 1.1).
using WriterId = Uuid<struct WriterTag>;

}  // namespace quire::protocol

template <typename Tag>
struct std::hash<quire::protocol::Uuid<Tag>> {
  std::size_t operator()(const quire::protocol::Uuid<Tag>& id) const noexcept {
    return static_cast<std::size_t>(id.high ^ id.low);
  }
};
