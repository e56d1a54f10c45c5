// The value of the index that says where entries lie. Input: the id of its first entry, from the
// key, then the value.

#include <limits>

#include "bookie/extent.h"
#include "common/check.h"
#include "protocol/entry.h"
#include "protocol/limits.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"

namespace quire::fuzz {
namespace {

using bookie::Extent;
using bookie::ExtentEntry;
using protocol::EntryId;

constexpr std::int64_t kMaxId = std::numeric_limits<std::int64_t>::max();

// Ids ascend, lengths are those of entries, and no place wraps around.
void CheckBounds(const Extent& extent, EntryId first) {
  QUIRE_CHECK(!extent.entries().empty() && extent.entries().size() <= Extent::kMaxEntries);
  QUIRE_CHECK(extent.first() == first && first.value() >= 0);
  QUIRE_CHECK(extent.offset() >= bookie::kSegmentHeaderBytes && extent.end() > extent.offset());
  EntryId before = first - 1;
  for (const ExtentEntry& entry : extent.entries()) {
    QUIRE_CHECK(entry.id > before);
    QUIRE_CHECK(entry.length >= protocol::kEntryOverheadBytes &&
                entry.length <= protocol::kEntryOverheadBytes + protocol::kMaxPayloadBytes);
    before = entry.id;
  }
}

// Each entry is found behind the one before it, and what lies between two ids is nowhere.
void CheckFind(const Extent& extent) {
  std::uint64_t offset = extent.offset();
  EntryId before = extent.first() - 1;
  for (const ExtentEntry& entry : extent.entries()) {
    const auto found = extent.Find(entry.id);
    QUIRE_CHECK(found && found->segment == extent.segment() && found->offset == offset &&
                found->length == entry.length);
    if (entry.id - before > 1) QUIRE_CHECK(!extent.Find(entry.id - 1));
    offset = found->end();
    before = entry.id;
  }
  QUIRE_CHECK(offset == extent.end());
  QUIRE_CHECK(!extent.Find(extent.first() - 1));
  if (extent.last().value() < kMaxId) QUIRE_CHECK(!extent.Find(extent.last() + 1));
}

}  // namespace

void Run(std::string_view input) {
  Input in(input);
  const EntryId first(in.Number<std::int64_t>());
  const AllocationMeter meter;
  const auto extent = Extent::Decode(first, in.rest());
  QUIRE_CHECK(meter.peak() <= 1024 + Extent::kMaxEntries * sizeof(ExtentEntry));
  if (!extent) {
    QUIRE_CHECK(extent.error().code() == common::Errc::kCorrupt);
    return;
  }
  CheckBounds(*extent, first);
  CheckFind(*extent);
  const auto again = Extent::Decode(first, extent->Encode());
  QUIRE_CHECK(again && again->segment() == extent->segment() &&
              again->offset() == extent->offset() && again->entries() == extent->entries());
  QUIRE_CHECK(again->bytes() == extent->bytes());
}

}  // namespace quire::fuzz
