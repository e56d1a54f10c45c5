// The index of a bookie, opened and searched. Input: two ids to look for, then pairs, each a kind,
// a number (a u16, for small ids), for extents an entry id (u16), a length byte and the content.
// Kinds: state, segment, commit, extent, any key; from 5 on the same with a value that is not
// sealed.

#include <optional>
#include <string>

#include "bookie/index.h"
#include "common/check.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/index_map.h"
#include "tests/fuzz/input.h"

namespace quire::fuzz {
namespace {

using bookie::Extent;
using bookie::Index;
using protocol::EntryId;
using protocol::LedgerId;

constexpr std::uint8_t kKinds = 5;

std::string Key(std::uint8_t kind, std::uint16_t number, Input& in) {
  switch (kind) {
    case 0: return bookie::StateKey(LedgerId(number));
    case 1: return bookie::SegmentKey(number);
    case 2: return std::string(bookie::kCommitKey);
    case 3: return bookie::ExtentKey(LedgerId(number), EntryId(in.Number<std::uint16_t>()));
    default: return std::string(in.Short());
  }
}

IndexMap ReadMap(Input& in) {
  IndexMap map;
  while (!in.empty()) {
    const std::uint8_t kind = in.Byte();
    const auto number = in.Number<std::uint16_t>();
    const std::string key = Key(kind % kKinds, number, in);
    const std::string content(in.Short());
    map[key] = kind < kKinds ? bookie::SealValue(key, content) : content;
  }
  return map;
}

// Values have one spelling, and are good under their own key only.
void CheckValues(const IndexMap& map) {
  for (const auto& [key, value] : map) {
    const auto content = bookie::OpenValue(key, value);
    if (!content) continue;
    QUIRE_CHECK(bookie::SealValue(key, *content) == value);
    std::string other = key + 'x';
    QUIRE_CHECK(!bookie::OpenValue(other, value));
    if (const auto state = bookie::DecodeState(*content)) {
      QUIRE_CHECK(bookie::EncodeState(*state) == *content);
      QUIRE_CHECK(state->last_entry >= protocol::kNoEntry && state->lac >= protocol::kNoEntry);
    }
    if (const auto space = bookie::DecodeSpace(*content)) {
      QUIRE_CHECK(bookie::EncodeSpace(*space) == *content && space->live <= space->total);
    }
    if (const auto bits = bookie::DecodeTombstones(*content)) {
      QUIRE_CHECK(bookie::EncodeTombstones(*bits) == *content);
    }
    if (const auto commit = bookie::DecodeCommit(*content)) {
      QUIRE_CHECK(bookie::EncodeCommit(*commit) == *content);
    }
  }
}

// What the index says it holds is in the map, sealed, and everything of the map that it read.
void CheckLoaded(Index& index, const IndexMap& map) {
  std::size_t states = 0;
  std::size_t segments = 0;
  for (const auto& [key, value] : map) {
    states += bookie::ParseNumberKey(key, 'L').has_value() ? 1 : 0;
    segments += bookie::ParseNumberKey(key, 'S').has_value() ? 1 : 0;
  }
  const auto loaded = index.TakeStates();
  QUIRE_CHECK(loaded.size() == states && index.segments().size() == segments);
  for (const auto& [ledger, state] : loaded) {
    const std::string key = bookie::StateKey(ledger);
    QUIRE_CHECK(bookie::SealValue(key, bookie::EncodeState(state)) == map.at(key));
  }
}

// A look-up agrees with the extent that begins at or below the id: it is found there, is nowhere,
// or, when that extent cannot be read, it is not known.
void CheckFind(const Index& index, const IndexMap& map, LedgerId ledger, EntryId entry) {
  auto view = index.View();
  const auto found = view.Find(ledger, entry);
  auto below = map.upper_bound(bookie::ExtentKey(ledger, entry));
  if (below == map.begin()) {
    QUIRE_CHECK(found && !*found);
    return;
  }
  --below;
  const auto first = bookie::ParseExtentKey(below->first, ledger);
  if (!first) {
    const bool strange = below->first.starts_with(bookie::ExtentPrefix(ledger));
    QUIRE_CHECK(strange || (found && !*found));
    return;
  }
  const auto content = bookie::OpenValue(below->first, below->second);
  if (!content) {
    QUIRE_CHECK(!found);
    return;
  }
  const auto extent = Extent::Decode(*first, *content);
  QUIRE_CHECK(found.has_value() == extent.has_value());
  if (extent) QUIRE_CHECK(*found == extent->Find(entry));
}

void CheckScan(const Index& index, LedgerId ledger, EntryId from) {
  auto view = index.View();
  std::optional<EntryId> before;
  const auto scanned = view.Scan(ledger, from, [&](const Extent& extent) {
    QUIRE_CHECK(!before || extent.first() > *before);
    before = extent.first();
    return true;
  });
  if (!scanned) QUIRE_CHECK(scanned.error().code() == common::Errc::kCorrupt);
}

}  // namespace

void Run(std::string_view input) {
  Input in(input);
  const LedgerId ledger(in.Number<std::uint16_t>());
  const EntryId entry(in.Number<std::uint16_t>());
  const IndexMap map = ReadMap(in);
  CheckValues(map);
  IndexMap used = map;
  auto index = Index::Open("index", &used);
  if (!index) {
    const common::Errc code = index.error().code();
    QUIRE_CHECK(code == common::Errc::kCorrupt || code == common::Errc::kUnsupported);
    QUIRE_CHECK(used == map);  // what cannot be read is not touched
    return;
  }
  QUIRE_CHECK((*index)->created() == map.empty());
  CheckLoaded(**index, map);
  CheckFind(**index, map, ledger, entry);
  CheckScan(**index, ledger, entry);
}

}  // namespace quire::fuzz
