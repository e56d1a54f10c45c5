// The update loop of protocol 1.1 over the world's one record, swap by swap.
#include "tests/exhaustive/moves.h"

namespace quire::exhaustive {

namespace {

std::string MetaName(std::size_t which) {
  if (which == 0) return "the writer's change of its ensemble";
  return which == 1 ? "the writer's close" : "R" + std::to_string(which - 1) + "'s update";
}

}  // namespace

const Registers::Attempt& Rules::Try(const World& world, std::size_t which, RecordId local) {
  const MetaCall& call = MetaCallOf(world, which);
  if (which == kChange) return machines_.TryChange(call.asked_by, local);
  if (which == kClose) return machines_.TryWriterClose(call.asked_by, local);
  // The only other update of a recoverer is its claim, and then no end is decided.
  const bool closing = machines_.Recoverer(call.asked_by).decided_end != INT8_MAX;
  return closing ? machines_.TryRecoveryClose(call.asked_by, local) : machines_.TryClaim(local);
}

void Rules::MetaMoves(const World& world, std::vector<Move>& moves) {
  const auto& registers = machines_.registers();
  const auto calls = static_cast<std::size_t>(kRecoverers + configuration_.recoverers);
  for (std::size_t which = 0; which < calls; ++which) {
    const MetaCall& call = MetaCallOf(world, which);
    const auto add = [&](Move::Kind kind) {
      moves.push_back({.kind = kind, .which = static_cast<std::uint8_t>(which)});
    };
    switch (call.phase) {
      case MetaCall::kNone: break;
      case MetaCall::kAsked:
        add(Move::Kind::kSwap);
        if (world.lost_answers != 0 && Try(world, which, call.local).swap) {
          if (call.local == world.record) add(Move::Kind::kSwapUnanswered);
          if (call.local == world.record) add(Move::Kind::kSwapLate);
        }
        break;
      case MetaCall::kLate:
        if (registers.At(world.record).version.value + 1 ==
            registers.At(call.swapped).version.value) {
          add(Move::Kind::kApplyLate);
        }
        [[fallthrough]];
      case MetaCall::kInDoubt: add(Move::Kind::kReread); break;
      case MetaCall::kAnswered: add(Move::Kind::kAnswer); break;
    }
  }
}

void Rules::TakeMeta(World& world, const Move& move) {
  MetaCall& call = MetaCallOf(world, move.which);
  switch (move.kind) {
    case Move::Kind::kSwap:
    case Move::Kind::kSwapUnanswered:
    case Move::Kind::kSwapLate: return Swap(world, move.which, move.kind);
    case Move::Kind::kApplyLate:
      Tell([&] {
        return MetaName(move.which) +
               " is applied, late: " + machines_.registers().ToString(call.swapped);
      });
      world.record = call.swapped;
      call.phase = MetaCall::kInDoubt;
      return;
    case Move::Kind::kReread:
      // The version says whether the value that is there is the one that was swapped in.
      Tell([&] {
        return MetaName(move.which) +
               " is looked for: " + machines_.registers().ToString(world.record);
      });
      if (world.record == call.swapped) {
        return End(world, move.which, MetaOutcome::Snapshot(call.swapped));
      }
      call.phase = MetaCall::kAsked;
      call.local = world.record;
      call.swapped = 0;
      return Swap(world, move.which, Move::Kind::kSwap);
    case Move::Kind::kAnswer: {
      const std::uint16_t outcome = call.outcome;
      call = {};
      Tell([&] { return "the writer hears of its change"; });
      return StepWriter(world, {.kind = Event::Kind::kChanged, .value = outcome});
    }
    default: QUIRE_CHECK(false);
  }
}

void Rules::Swap(World& world, std::size_t which, Move::Kind kind) {
  MetaCall& call = MetaCallOf(world, which);
  while (true) {
    const Registers::Attempt& attempt = Try(world, which, call.local);
    if (!attempt.illegal.empty()) Broken("I7: " + attempt.illegal);
    if (!attempt.swap) return End(world, which, attempt.outcome);
    if (call.local != world.record) {  // somebody wrote since: re-read, ask again
      call.local = world.record;
      continue;
    }
    const bool late = kind == Move::Kind::kSwapLate;
    Tell([&] {
      const char* how = kind == Move::Kind::kSwap ? ""
                        : late                    ? ", under way when the connection is lost"
                                                  : ", and the answer is lost";
      return MetaName(which) + ": " + machines_.registers().ToString(attempt.outcome.snapshot()) +
             how;
    });
    if (!late) world.record = attempt.outcome.snapshot();
    if (kind == Move::Kind::kSwap) return End(world, which, attempt.outcome);
    --world.lost_answers;
    call.phase = late ? MetaCall::kLate : MetaCall::kInDoubt;
    call.swapped = attempt.outcome.snapshot();
    call.local = 0;
    return;
  }
}

// The result of a change reaches the writer in a step of its own, since what it hears meanwhile
// matters. The others wait for nothing else.
void Rules::End(World& world, std::size_t which, MetaOutcome outcome) {
  MetaCall& call = MetaCallOf(world, which);
  if (which == kChange) {
    call.phase = MetaCall::kAnswered;
    call.local = call.swapped = 0;
    call.outcome = outcome.number();
    return;
  }
  const bool claim =
      which >= kRecoverers && machines_.Recoverer(call.asked_by).decided_end == INT8_MAX;
  call = {};
  if (which == kClose) {
    return StepWriter(world, {.kind = Event::Kind::kClosed, .value = outcome.number()});
  }
  StepRecoverer(
      world, which - kRecoverers,
      {.kind = claim ? Event::Kind::kClaimed : Event::Kind::kClosed, .value = outcome.number()});
}

// Nobody can interfere with an update that ends on the snapshot at hand, nor once the ledger is
// closed.
bool Rules::EndsWithoutSwap(World& world, std::size_t which) {
  const MetaCall& call = MetaCallOf(world, which);
  if (call.phase != MetaCall::kAsked) return false;
  if (!machines_.registers().Closed(world.record) && Try(world, which, call.local).swap) {
    return false;
  }
  Tell([&] { return MetaName(which) + " ends without a change"; });
  Swap(world, which, Move::Kind::kSwap);
  return true;
}

}  // namespace quire::exhaustive
