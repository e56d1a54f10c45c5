#include <map>

#include "common/random.h"
#include "shard_fixture.h"

namespace quire::bookie {
namespace {

using common::Below;
using protocol::Code;

class ShardRaceTest : public ShardFixture {};

// D08, I8 and I9 in one shard: adds, fencing reads, look-ups, durability, flushes and crashes in
// random order. Never may an add be acknowledged that a fencing read, answered before or after,
// denied; and what was acknowledged is there at the end.
TEST_F(ShardRaceTest, D08NeverAnAcknowledgedAddThatAFencingReadDenied) {
  constexpr int kRounds = 100'000;
  constexpr std::uint64_t kSeed = 20260821;
  common::Random random(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round) + " of seed " + std::to_string(kSeed));
    const auto ledger = static_cast<std::int64_t>(round);
    std::multimap<std::int64_t, Reply<std::vector<Code>>> adds;
    std::multimap<std::int64_t, Reply<protocol::ReadReply>> denials;
    const std::uint64_t steps = 4 + Below(random, 8);
    for (std::uint64_t step = 0; step < steps; ++step) {
      const auto id = static_cast<std::int64_t>(Below(random, 3));
      switch (Below(random, 8)) {
        case 0:
        case 1:
        case 2: adds.emplace(id, Add(MakeEntry(ledger, id))); break;
        case 3: denials.emplace(id, FenceRead(ledger, id)); break;
        case 4: loop_.RunOne(); break;
        case 5: reader_.RunOne(); break;
        case 6: fakes_.journal->MakeDurable(fakes_.media.durable + 1 + Below(random, 2)); break;
        default:
          if (Below(random, 4) == 0) {
            AskForFlush();
          } else if (Below(random, 16) == 0) {
            Restart();
          }
          break;
      }
    }
    if (Below(random, 8) == 0) Restart();
    Turn();
    MakeDurable();
    Turn();
    for (const auto& [id, add] : adds) {
      if (!add->has_value() || CodeOf(add) != Code::kOk) continue;
      const auto [first, last] = denials.equal_range(id);
      for (auto denial = first; denial != last; ++denial) {
        if (!denial->second->has_value()) continue;
        ASSERT_EQ(CodeOf(denial->second), Code::kOk) << "entry " << id;
      }
      const auto read = Read(ledger, {id});
      Turn();
      ASSERT_EQ(CodeOf(read), Code::kOk) << "entry " << id << " was acknowledged";
    }
    for (const auto& [id, denial] : denials) {
      if (!denial->has_value()) continue;
      ASSERT_EQ(CodeOf(Add(MakeEntry(ledger, 3))), Code::kFenced) << "the fence was answered";
    }
    if (round % 1000 == 999) {  // the index of the fake would grow with every round
      Turn();
      shard_.reset();
      loop_.Drop();
      reader_.Drop();
      fakes_.media = {};
      Open();
    }
  }
}

}  // namespace
}  // namespace quire::bookie
