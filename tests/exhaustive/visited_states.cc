#include "tests/exhaustive/visited_states.h"

#include "common/check.h"

namespace quire::exhaustive {

VisitedStates::VisitedStates() : table_(1U << 16, kNone) {}

std::size_t VisitedStates::PlaceOf(std::uint64_t hash) const {
  std::size_t place = hash & (table_.size() - 1);
  while (table_[place] != kNone && nodes_[table_[place]].hash != hash) {
    place = (place + 1) & (table_.size() - 1);
  }
  return place;
}

std::uint32_t VisitedStates::Insert(std::uint64_t hash, std::uint32_t parent, std::uint16_t move) {
  const std::size_t place = PlaceOf(hash);
  if (table_[place] != kNone) return kNone;
  QUIRE_CHECK(nodes_.size() < kNone);
  const auto number = static_cast<std::uint32_t>(nodes_.size());
  table_[place] = number;
  nodes_.push_back({hash, parent, move});
  if (nodes_.size() > table_.size() / 4 * 3) Grow();
  return number;
}

void VisitedStates::Grow() {
  table_.assign(table_.size() * 2, kNone);
  for (std::uint32_t number = 0; number < nodes_.size(); ++number) {
    table_[PlaceOf(nodes_[number].hash)] = number;
  }
}

}  // namespace quire::exhaustive
