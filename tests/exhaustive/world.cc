#include "tests/exhaustive/world.h"

#include <algorithm>

namespace quire::exhaustive {

namespace {

// What can be said of a bookie without its name: its records, and the calls that go there.
using Marks = std::array<std::uint64_t, kMaxBookies>;

Marks MarksOf(const World& world) {
  Marks marks{};
  for (std::size_t i = 0; i < world.calls_size; ++i) {
    Call call = world.calls[i];
    const auto bookie = call.bookie;
    call.bookie = call.slot = 0;
    if (call.owner != Call::kWriter && call.owner != Call::kNobody) call.owner = 1;
    marks[bookie] += Mix(call.bits(), 0x7e57ab1e);
  }
  for (std::size_t b = 0; b < kMaxBookies; ++b) {
    marks[b] = Mix(marks[b], std::bit_cast<std::uint64_t>(world.bookies[b]));
  }
  return marks;
}

// Bookies get their names in the order of their marks. Then worlds that are equal up to names still
// have a renaming in common, and most worlds have only one to try.
bool InOrder(const Renaming& renaming, const Marks& marks) {
  for (std::size_t a = 0; a < kMaxBookies; ++a) {
    for (std::size_t b = 0; b < kMaxBookies; ++b) {
      if (renaming[a] < renaming[b] && marks[a] > marks[b]) return false;
    }
  }
  return true;
}

}  // namespace

std::uint64_t World::Hash(const Machines& machines, const Configuration& configuration) const {
  const auto& symmetries = machines.symmetries();
  const std::uint64_t shared =
      Mix(record, std::uint64_t{timeouts} | std::uint64_t{crashes} << 8 |
                      std::uint64_t{lost_answers} << 16 | std::uint64_t{retry_due} << 24);
  if (symmetries.size() == 1) return HashAs(machines, configuration, 0, shared);
  const auto bookies_used = static_cast<std::size_t>(configuration.bookies());
  Marks marks = MarksOf(*this);
  for (std::size_t b = bookies_used; b < kMaxBookies; ++b) marks[b] = UINT64_MAX;
  std::uint64_t least = UINT64_MAX;
  for (std::size_t s = 0; s < symmetries.size(); ++s) {
    if (!InOrder(symmetries[s], marks)) continue;
    least = std::min(least, HashAs(machines, configuration, s, shared));
  }
  return least;
}

std::uint64_t World::HashAs(const Machines& machines, const Configuration& configuration,
                            std::size_t symmetry, std::uint64_t shared) const {
  const Renaming& renaming = machines.symmetries()[symmetry];
  // What each party is made of is added up, so that the order of the calls does not matter.
  std::uint64_t writer_sum = 0;
  std::uint64_t nobody_sum = 0;
  std::array<std::uint64_t, kMaxRecoverers> sums{};
  for (std::size_t i = 0; i < calls_size; ++i) {
    Call call = calls[i];
    const auto owner = static_cast<std::size_t>(call.owner);
    call.owner = 0;
    call.bookie = renaming[call.bookie];
    if (owner != Call::kNobody) call.slot = renaming[call.slot];
    const std::uint64_t hash = Mix(call.bits(), 0x5ca1ab1e);
    if (owner == Call::kWriter) {
      writer_sum += hash;
    } else if (owner == Call::kNobody) {
      nobody_sum += hash;
    } else {
      sums[owner - 1] += hash;
    }
  }
  std::uint64_t hash = Mix(shared, machines.WriterHash(writer, symmetry));
  hash = Mix(hash, Mix(change.bits(), machines.WriterHash(change.asked_by, symmetry)));
  hash = Mix(hash, Mix(close.bits(), machines.WriterHash(close.asked_by, symmetry)));
  hash = Mix(Mix(hash, writer_sum), nobody_sum);
  std::uint64_t recoverers_sum = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(configuration.recoverers); ++i) {
    const std::uint64_t claim =
        Mix(claims[i].bits(), machines.RecovererHash(claims[i].asked_by, symmetry));
    recoverers_sum += Mix(Mix(machines.RecovererHash(recoverers[i], symmetry), claim), sums[i]);
  }
  hash = Mix(hash, recoverers_sum);
  Marks places{};
  for (std::size_t b = 0; b < kMaxBookies; ++b) {
    places[renaming[b]] = std::bit_cast<std::uint64_t>(bookies[b]);
  }
  for (const std::uint64_t bookie : places) hash = Mix(hash, bookie);
  return hash;
}

}  // namespace quire::exhaustive
