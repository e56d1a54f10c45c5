#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "common/check.h"
#include "tests/exhaustive/machines.h"
#include "tests/exhaustive/model_bookie.h"

namespace quire::exhaustive {

// A call of a client to a bookie that is on its way: the request, or the answer.
struct Call {
  enum Kind : unsigned { kAdd, kRecoveryAdd, kFence, kRead };
  static constexpr unsigned kWriter = 0;  // owner; 1.. are the recoverers
  static constexpr unsigned kNobody = 7;  // nobody waits any more, the request may still arrive

  std::uint64_t owner : 3 = kNobody;
  std::uint64_t kind : 2 = kAdd;
  std::uint64_t answered : 1 = 0;
  std::uint64_t stale : 1 = 0;  // its slot began anew since
  std::uint64_t bookie : 2 = 0;
  std::uint64_t slot : 2 = 0;
  std::uint64_t entry : 2 = 0;    // of kRead: the first one asked for
  std::uint64_t content : 4 = 0;  // of adds
  // The answer.
  std::uint64_t code : 7 = 0;
  std::uint64_t after : 3 =
      0;                      // records of the bookie that must be durable first; 0: none any more
  std::uint64_t lac : 3 = 0;  // plus 1
  std::uint64_t found : 12 = 0;
  std::uint64_t unused : 22 = 0;

  std::uint64_t bits() const { return std::bit_cast<std::uint64_t>(*this); }
};
static_assert(sizeof(Call) == 8);

// A client's metadata update under way.
struct MetaCall {
  enum Phase : std::uint8_t {
    kNone,
    kAsked,     // the next swap is made over `local`
    kInDoubt,   // the answer to the swap to `swapped` was lost; it was applied
    kLate,      // the same, and it is not applied yet
    kAnswered,  // with `outcome`
  };
  StateId asked_by = 0;
  Phase phase = kNone;
  RecordId local = 0;
  RecordId swapped = 0;
  std::uint16_t outcome = 0;

  std::uint64_t bits() const {
    return static_cast<std::uint64_t>(phase) | std::uint64_t{local} << 16 |
           std::uint64_t{swapped} << 32 | std::uint64_t{outcome} << 48;
  }
};

// Everything there is, as a plain value.
//
// A client that dies needs no step of its own: it does what a client does whose next step is far
// away, and no rule of the exploration makes anybody take a step. So each state stands for those
// where any of the clients is dead, and what is checked of a client is that it has something to
// wait for (Invariants), not that it gets it.
struct World {
  static constexpr std::size_t kMaxCalls = 40;

  StateId writer = 0;
  std::array<StateId, kMaxRecoverers> recoverers{};  // 0: not started
  MetaCall change, close;                            // the writer's
  std::array<MetaCall, kMaxRecoverers> claims;       // the recoverers', of claim or close
  std::array<ModelBookie, kMaxBookies> bookies;
  RecordId record = 0;                                       // the ledger's metadata, in Registers
  std::uint8_t timeouts = 0, crashes = 0, lost_answers = 0;  // left
  bool retry_due = false;                                    // the writer's timer runs
  std::uint8_t calls_size = 0;
  std::array<Call, kMaxCalls> calls;

  // Copies what is in use: much less than an assignment, and done for every step.
  void CopyFrom(const World& other) {
    std::memcpy(static_cast<void*>(this), &other, other.used_bytes());
  }
  // The rest, of calls that are not, need not be kept.
  std::size_t used_bytes() const { return offsetof(World, calls) + calls_size * sizeof(Call); }

  void Add(const Call& call) {
    QUIRE_CHECK(calls_size < kMaxCalls);
    calls[calls_size++] = call;
  }
  void Remove(std::size_t i) { calls[i] = calls[--calls_size]; }

  // The same for worlds that are equal up to the names of recoverers, and of slots and bookies as
  // far as the symmetries go. 64 bits stand for the world: of n worlds two different ones are taken
  // for one with a probability of about n * n / 2^65.
  std::uint64_t Hash(const Machines& machines, const Configuration& configuration) const;

 private:
  std::uint64_t HashAs(const Machines& machines, const Configuration& configuration,
                       std::size_t symmetry, std::uint64_t shared) const;
};
static_assert(std::is_trivially_copyable_v<World> && std::is_standard_layout_v<World>);

}  // namespace quire::exhaustive
