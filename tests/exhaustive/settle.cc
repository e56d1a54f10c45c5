// The steps that are taken at once, because whatever else could happen before them could as well
// happen after, or would only promise less; and the calls that are forgotten, because they can have
// no effect any more. Every rule here drops schedules, so each says why none of them is missed;
// Configuration::eager = false leaves all of them out.
#include <algorithm>

#include "tests/exhaustive/moves.h"

namespace quire::exhaustive {

using protocol::Code;
using Handle = client::WriteProtocol::Handle;

void Rules::Settle(World& world) {
  do {
    SettleBookies(world);
  } while (SettleOne(world));
}

// As long as a bookie may crash it matters what its disk holds. Later it does not: an answer that
// waits for a sync looks like one that is on its way.
bool Rules::KeepsJournals(const World& world) const {
  return world.crashes != 0 || configuration_.deviation == Deviation::kVisibleOnlyAfterSync;
}

void Rules::SettleBookies(World& world) {
  if (!KeepsJournals(world)) {
    for (ModelBookie& bookie : world.bookies) bookie.SyncAll();
  }
  for (std::size_t i = 0; i < world.calls_size; ++i) {
    Call& call = world.calls[i];
    if (call.after != 0 &&
        call.after <= static_cast<std::uint64_t>(world.bookies[call.bookie].DurableRecords())) {
      call.after = 0;
    }
    if (call.kind != Call::kRead || call.owner == Call::kNobody) continue;
    // What is decided is not read any more.
    const auto next = machines_.Recoverer(world.recoverers[call.owner - 1]).next_read;
    call.entry = std::max<std::uint64_t>(call.entry, next);
    call.found &= 0xfffU << 4 * call.entry & 0xfffU;
  }
}

// One of them; false: there is none.
bool Rules::SettleOne(World& world) {
  const WriterFacts& writer = machines_.Writer(world.writer);
  if (world.change.phase == MetaCall::kAnswered && !writer.live) {
    world.change = {};
    return true;
  }
  if (!configuration_.eager) return false;
  for (std::size_t i = 0; i < world.calls_size; ++i) {
    if (SettleCall(world, i)) return true;
  }
  const auto metas = static_cast<std::size_t>(kRecoverers + configuration_.recoverers);
  for (std::size_t which = 0; which < metas; ++which) {
    if (EndsWithoutSwap(world, which)) return true;
  }
  // Nothing will fail any more, so nothing is gained by waiting: what an append sends may be late
  // for any time, and what the close swaps too. With a wider window the header of an entry tells
  // when it was appended.
  if (!WriterIsCalm(world) || configuration_.window != 1 || writer.handle != Handle::kOpen ||
      writer.lac != writer.pushed) {
    return false;
  }
  if (writer.pushed + 1 < configuration_.entries) {
    Tell([&] { return "writer appends entry " + std::to_string(writer.pushed + 1); });
    StepWriter(world, {.kind = Event::Kind::kAppend});
    return true;
  }
  if (!configuration_.writer_closes) return false;
  Tell([&] { return "writer is told to close"; });
  StepWriter(world, {.kind = Event::Kind::kClose});
  return true;
}

bool Rules::SettleCall(World& world, std::size_t index) {
  const Call call = world.calls[index];
  if (call.owner == Call::kNobody) {
    if (!NoEffect(world, call)) return false;
    world.Remove(index);
    return true;
  }
  if ((stepped_ >> call.owner & 1U) != 0 && Forgotten(world, call)) {
    Abandon(world, index);
    return true;
  }
  if (call.answered != 0 ? !HarmlessAnswer(world, call) : !CertainRequest(world, call))
    return false;
  Deliver(world, index);
  return true;
}

// Its client ignores every answer that can come. The machines never begin to heed again what they
// ignore: a generation is over, a phase is over, an entry is decided.
bool Rules::Forgotten(const World& world, const Call& call) {
  const auto owner = static_cast<unsigned>(call.owner);
  Event event = AnswerEvent(call);
  const auto ignores = [&](Code code) {
    event.code = code;
    return Ignores(world, owner, event);
  };
  if (call.answered != 0) {
    return ignores(static_cast<Code>(call.code)) &&
           (world.timeouts == 0 || ignores(Code::kTimeout));
  }
  if (!ignores(Code::kOk) || !ignores(Code::kTimeout)) return false;
  const bool reads = call.kind == Call::kFence || call.kind == Call::kRead;
  return reads || (ignores(Code::kFenced) && ignores(Code::kConflict));
}

// The bookie is as it was whenever the request comes.
bool Rules::NoEffect(const World& world, const Call& call) const {
  const ModelBookie& bookie = world.bookies[call.bookie];
  const auto entry = static_cast<int>(call.entry);
  switch (call.kind) {
    case Call::kAdd: return bookie.DurablyFenced() || bookie.Durable(entry) != 0;
    case Call::kRecoveryAdd:
      return bookie.Durable(entry) != 0 ||
             (bookie.DurablyFenced() && configuration_.deviation == Deviation::kRecoveryAddRefused);
    default: return bookie.DurablyFenced();
  }
}

// The bookie is as it was, and answers the same, whenever the request comes: a durable fence and a
// durable entry stay.
bool Rules::CertainRequest(const World& world, const Call& call) const {
  const ModelBookie& bookie = world.bookies[call.bookie];
  if (call.kind == Call::kAdd) return bookie.DurablyFenced();
  return call.kind == Call::kRecoveryAdd && bookie.Durable(static_cast<int>(call.entry)) != 0 &&
         configuration_.deviation != Deviation::kRecoveryAddRefused;
}

// Nothing can fail any more, for the writer.
bool Rules::WriterIsCalm(const World& world) {
  if (!IsCalm(world) || world.retry_due || world.change.phase != MetaCall::kNone) return false;
  return !machines_.Writer(world.writer).changing;
}

bool Rules::IsCalm(const World& world) const {
  if (world.timeouts != 0 || world.crashes != 0) return false;
  return std::ranges::none_of(world.calls.begin(), world.calls.begin() + world.calls_size,
                              [](const Call& call) {
                                return call.code == static_cast<std::uint64_t>(Code::kDisconnected);
                              });
}

// A good acknowledgement, while nothing can fail. It commutes with all that its client may hear
// instead, but for one: a writer that hears FENCED first acknowledges less, and so promises less.
bool Rules::HarmlessAnswer(const World& world, const Call& call) {
  if (call.code != static_cast<std::uint64_t>(Code::kOk) || call.after != 0 || call.stale != 0) {
    return false;
  }
  if (call.kind == Call::kRecoveryAdd) return IsCalm(world);
  if (call.kind != Call::kAdd) return false;
  const bool all_sent = machines_.Writer(world.writer).pushed + 1 == configuration_.entries;
  return WriterIsCalm(world) && (configuration_.window == 1 || all_sent);
}

}  // namespace quire::exhaustive
