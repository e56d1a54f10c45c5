#include "tests/exhaustive/moves.h"

#include <algorithm>

#include "protocol/quorum.h"

namespace quire::exhaustive {

using protocol::Code;
using Handle = client::WriteProtocol::Handle;

namespace {

std::string OwnerName(unsigned owner) {
  if (owner == Call::kNobody) return "nobody";
  return owner == Call::kWriter ? "writer" : "R" + std::to_string(owner);
}

std::string BookieText(std::uint64_t bookie) {
  return "b" + std::to_string(bookie);
}

std::string EntriesText(const ModelBookie::Entries& entries) {
  std::string text;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i] != 0) text += (text.empty() ? "" : ", ") + std::to_string(i);
  }
  return text.empty() ? "nothing" : text;
}

std::uint64_t PackFound(const ModelBookie::Entries& entries) {
  std::uint64_t bits = 0;
  for (std::size_t i = entries.size(); i-- > 0;) bits = bits << 4 | entries[i];
  return bits;
}

}  // namespace

World Rules::Begin(Lines* lines) {
  lines_ = lines;
  broken_.clear();
  World world;
  stepped_ = kEverybody;
  world.writer = machines_.NewWriter();
  world.timeouts = static_cast<std::uint8_t>(configuration_.budgets.timeouts);
  world.crashes = static_cast<std::uint8_t>(configuration_.budgets.crashes);
  world.lost_answers = static_cast<std::uint8_t>(configuration_.budgets.lost_answers);
  Settle(world);
  return world;
}

void Rules::Moves(const World& world, std::vector<Move>& moves) {
  moves.clear();
  const WriterFacts& writer = machines_.Writer(world.writer);
  const auto add = [&](Move::Kind kind, std::size_t which = 0) {
    moves.push_back({.kind = kind, .which = static_cast<std::uint8_t>(which)});
  };
  if (writer.handle == Handle::kOpen) {
    const bool room = writer.pushed - writer.lac < configuration_.window;
    const bool more = writer.pushed + 1 < configuration_.entries;
    if (room && more) add(Move::Kind::kAppend);
    if (!more && writer.lac == writer.pushed && configuration_.writer_closes) {
      add(Move::Kind::kClose);
    }
  }
  if (world.retry_due) add(Move::Kind::kRetryChange);
  MetaMoves(world, moves);
  if (!machines_.registers().Closed(world.record)) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(configuration_.recoverers); ++i) {
      if (world.recoverers[i] != 0) continue;
      add(Move::Kind::kStart, i);  // those that have not started are all alike
      break;
    }
  }
  for (std::size_t i = 0; i < world.calls_size; ++i) {
    const Call& call = world.calls[i];
    add(Move::Kind::kDeliver, i);
    const auto owner = static_cast<unsigned>(call.owner);
    if (world.timeouts != 0 && owner != Call::kNobody &&
        !Ignores(world, owner, TimeoutEvent(call))) {
      add(Move::Kind::kTimeOut, i);
    }
  }
  if (world.crashes == 0) return;
  for (std::size_t b = 0; b < static_cast<std::size_t>(configuration_.bookies()); ++b) {
    const ModelBookie& bookie = world.bookies[b];
    if (!bookie.CanLose()) continue;
    const auto durable = static_cast<std::uint8_t>(bookie.DurableRecords());
    // Nothing lost is a crash too when answers are: those of `keep` that were not told.
    for (int keep = durable; keep <= bookie.Records(); ++keep) {
      for (int told = durable; told <= keep; ++told) {
        if (told == bookie.Records() && bookie.Records() != durable) continue;  // changes nothing
        moves.push_back({.kind = Move::Kind::kCrash,
                         .which = static_cast<std::uint8_t>(b),
                         .keep = static_cast<std::uint8_t>(keep),
                         .told = static_cast<std::uint8_t>(told)});
      }
    }
  }
}

std::string Rules::Take(World& world, const Move& move, Lines* lines) {
  lines_ = lines;
  broken_.clear();
  stepped_ = 0;
  switch (move.kind) {
    case Move::Kind::kAppend:
      Tell([&] {
        return "writer appends entry " + std::to_string(machines_.Writer(world.writer).pushed + 1);
      });
      StepWriter(world, {.kind = Event::Kind::kAppend});
      break;
    case Move::Kind::kClose:
      Tell([&] { return "writer is told to close"; });
      StepWriter(world, {.kind = Event::Kind::kClose});
      break;
    case Move::Kind::kRetryChange:
      Tell([&] { return "writer tries its dead slots again"; });
      world.retry_due = false;
      StepWriter(world, {.kind = Event::Kind::kRetryChange});
      break;
    case Move::Kind::kStart: StartRecoverer(world); break;
    case Move::Kind::kDeliver: Deliver(world, move.which); break;
    case Move::Kind::kTimeOut: TimeOut(world, move.which); break;
    case Move::Kind::kCrash: Crash(world, move); break;
    default: TakeMeta(world, move); break;
  }
  Settle(world);
  return broken_;
}

void Rules::StartRecoverer(World& world) {
  const auto i =
      static_cast<std::size_t>(std::ranges::find(world.recoverers, 0U) - world.recoverers.begin());
  Tell([&] {
    return "R" + std::to_string(i + 1) + " reads the metadata (" +
           machines_.registers().ToString(world.record) + ") and starts";
  });
  world.recoverers[i] = machines_.NewRecoverer(world.record);
  world.claims[i] = {
      .asked_by = world.recoverers[i], .phase = MetaCall::kAsked, .local = world.record};
}

void Rules::Deliver(World& world, std::size_t call) {
  world.calls[call].answered != 0 ? DeliverAnswer(world, call) : DeliverRequest(world, call);
}

void Rules::DeliverRequest(World& world, std::size_t index) {
  Call& call = world.calls[index];
  ModelBookie& bookie = world.bookies[call.bookie];
  const Deviation deviation = configuration_.deviation;
  const auto entry = static_cast<int>(call.entry);
  const auto content = static_cast<std::uint8_t>(call.content);
  ModelBookie::Answer answer;
  switch (call.kind) {
    case Call::kAdd:
      answer = bookie.Add(entry, content, false, deviation);
      if (answer.code == Code::kOk && bookie.promised() && configuration_.check_fences) {
        Broken("I8: " + BookieText(call.bookie) + " takes entry " + std::to_string(entry) +
               " from the writer after a client was told that the ledger is fenced there");
      }
      break;
    case Call::kRecoveryAdd: answer = bookie.Add(entry, content, true, deviation); break;
    case Call::kFence: answer = bookie.FenceAndLac(machines_.contents(), deviation); break;
    case Call::kRead: answer = bookie.FenceAndRead(deviation); break;
  }
  Tell([&] {
    std::string says = "answers " + std::string(protocol::CodeName(answer.code));
    if (call.kind == Call::kRead) says = "has " + EntriesText(answer.entries);
    if (call.kind == Call::kFence) says += ", LAC " + std::to_string(answer.lac);
    if (answer.after > bookie.DurableRecords()) says += " once that is synced";
    return Name(call) + " reaches it; " + BookieText(call.bookie) + " " + says;
  });
  if (!KeepsJournals(world)) {
    bookie.SyncAll();
    answer.after = 0;
  }
  if (call.owner == Call::kNobody) return world.Remove(index);
  stepped_ |= static_cast<std::uint8_t>(1U << call.owner);
  call.answered = 1;
  call.code = static_cast<std::uint64_t>(answer.code);
  call.after = answer.after;
  call.lac = static_cast<std::uint64_t>(answer.lac + 1);
  call.found = PackFound(answer.entries);
}

void Rules::DeliverAnswer(World& world, std::size_t index) {
  const Call call = world.calls[index];
  const auto code = static_cast<Code>(call.code);
  world.Remove(index);
  ModelBookie& bookie = world.bookies[call.bookie];
  const bool sync = call.after > static_cast<std::uint64_t>(bookie.DurableRecords());
  bookie.SyncTo(static_cast<int>(call.after));
  const bool fence = call.kind == Call::kFence || (call.kind == Call::kRead && ReadsFence());
  if (fence && protocol::IsKnown(code) && configuration_.check_fences) bookie.Promise();
  Tell([&] {
    return Name(call) + " " + "ends: " +
           (sync ? BookieText(call.bookie) + " has synced its journal, " : std::string()) +
           std::string(protocol::CodeName(code));
  });
  StepOwner(world, static_cast<unsigned>(call.owner), AnswerEvent(call));
}

void Rules::TimeOut(World& world, std::size_t index) {
  const Call call = world.calls[index];
  --world.timeouts;
  stepped_ = kEverybody;
  Tell([&] {
    return Name(call) + (call.answered != 0 ? " times out, its answer is lost" : " times out");
  });
  Abandon(world, index);
  StepOwner(world, static_cast<unsigned>(call.owner), TimeoutEvent(call));
}

void Rules::Crash(World& world, const Move& move) {
  ModelBookie& bookie = world.bookies[move.which];
  Tell([&] {
    return BookieText(move.which) + " crashes and restarts; of " +
           std::to_string(bookie.Records()) + " records " + std::to_string(move.keep) +
           " are on its disk, and the answers of " + std::to_string(move.told) + " had left";
  });
  --world.crashes;
  stepped_ = kEverybody;
  bookie.CrashTo(move.keep);
  for (std::size_t i = 0; i < world.calls_size; ++i) {
    Call& call = world.calls[i];
    if (call.bookie != move.which || call.answered == 0 || call.after <= move.told) continue;
    call.code = static_cast<std::uint64_t>(Code::kDisconnected);
    call.after = call.lac = call.found = 0;
  }
}

// The request is still on its way, but nobody waits; what nobody can tell apart is made equal.
void Rules::Abandon(World& world, std::size_t index) {
  Call& call = world.calls[index];
  if (call.answered != 0) return world.Remove(index);
  call.owner = Call::kNobody;
  call.slot = call.stale = 0;
  if (call.kind == Call::kRead) {
    if (!ReadsFence()) return world.Remove(index);
    call.kind = Call::kFence;
  }
  if (call.kind == Call::kFence) call.entry = 0;
}

Event Rules::AnswerEvent(const Call& call) const {
  Event event{.kind = Event::Kind::kAdd,
              .slot = static_cast<std::uint8_t>(call.slot),
              .entry = static_cast<std::uint8_t>(call.entry),
              .stale = call.stale != 0,
              .code = static_cast<Code>(call.code)};
  if (call.kind == Call::kFence) {
    event.kind = Event::Kind::kFenced;
    event.lac = static_cast<std::int8_t>(static_cast<int>(call.lac) - 1);
  } else if (call.kind == Call::kRead) {
    event.kind = Event::Kind::kRead;
    for (std::size_t i = 0; i < event.found.size(); ++i) {
      event.found[i] = static_cast<std::uint8_t>(call.found >> 4 * i & 0xf);
    }
  }
  return event;
}

Event Rules::TimeoutEvent(const Call& call) const {
  Call late = call;
  late.code = static_cast<std::uint64_t>(Code::kTimeout);
  late.lac = late.found = 0;
  return AnswerEvent(late);
}

const Transition& Rules::Look(const World& world, unsigned owner, const Event& event) {
  return owner == Call::kWriter ? machines_.StepWriter(world.writer, event)
                                : machines_.StepRecoverer(world.recoverers[owner - 1], event);
}

bool Rules::Ignores(const World& world, unsigned owner, const Event& event) {
  const StateId from = owner == Call::kWriter ? world.writer : world.recoverers[owner - 1];
  return Look(world, owner, event).Nothing(from);
}

void Rules::StepOwner(World& world, unsigned owner, const Event& event) {
  owner == Call::kWriter ? StepWriter(world, event) : StepRecoverer(world, owner - 1, event);
}

namespace {

void BeginAnew(World& world, unsigned owner, const Transition& step) {
  for (std::size_t i = 0; step.reset != 0 && i < world.calls_size; ++i) {
    Call& call = world.calls[i];
    const bool add = call.kind == Call::kAdd || call.kind == Call::kRecoveryAdd;
    if (call.owner == owner && add && (step.reset >> call.slot & 1U) != 0) call.stale = 1;
  }
  for (const auto& send : step.sends) {
    world.Add({.owner = owner,
               .kind = owner == Call::kWriter ? Call::kAdd : Call::kRecoveryAdd,
               .bookie = send.bookie,
               .slot = send.slot,
               .entry = send.entry,
               .content = send.content});
  }
}

}  // namespace

void Rules::StepWriter(World& world, const Event& event) {
  const Transition& step = machines_.StepWriter(world.writer, event);
  Broken(step.broken);
  const std::int8_t lac = machines_.Writer(world.writer).lac;
  world.writer = step.next;
  stepped_ |= 1U << Call::kWriter;
  const WriterFacts& facts = machines_.Writer(step.next);
  for (int entry = lac + 1; lines_ != nullptr && entry <= facts.lac; ++entry) {
    Tell([&] { return "  writer acknowledges entry " + std::to_string(entry); });
  }
  BeginAnew(world, Call::kWriter, step);
  if (step.change) {
    world.change = {.asked_by = step.next, .phase = MetaCall::kAsked, .local = facts.ledger};
  }
  if (step.close) {
    world.close = {.asked_by = step.next, .phase = MetaCall::kAsked, .local = facts.ledger};
  }
  world.retry_due |= step.retry_later;
}

void Rules::StepRecoverer(World& world, std::size_t i, const Event& event) {
  const Transition& step = machines_.StepRecoverer(world.recoverers[i], event);
  const auto owner = static_cast<unsigned>(i + 1);
  world.recoverers[i] = step.next;
  stepped_ |= static_cast<std::uint8_t>(1U << owner);
  const RecovererFacts& facts = machines_.Recoverer(step.next);
  BeginAnew(world, owner, step);
  const int slots = step.fence ? configuration_.replication.ensemble : 0;
  for (int slot = 0; slot < slots; ++slot) {
    const auto index = static_cast<std::size_t>(slot);
    world.Add({.owner = owner, .kind = Call::kFence, .bookie = facts.frozen[index], .slot = index});
  }
  for (const auto& ask : step.asks) {
    world.Add({.owner = owner,
               .kind = Call::kRead,
               .bookie = ask.bookie,
               .slot = ask.slot,
               .entry = ask.first});
  }
  if (step.close) {
    world.claims[i] = {.asked_by = step.next, .phase = MetaCall::kAsked, .local = facts.ledger};
  }
  if (step.read_length < 0) {
    if (facts.finished) Tell([&] { return "  " + OwnerName(owner) + " is finished"; });
    return;
  }
  // An entry at or below a LAC is for good on those that acknowledged it: when it is read does not
  // matter.
  const auto& ledger = machines_.registers().Value(facts.ledger);
  const protocol::EntryId entry(step.read_length);
  std::uint8_t length = 0;
  for (int k = 0; k < configuration_.replication.write_quorum; ++k) {
    const int slot = protocol::WriteSetSlot(configuration_.replication, entry, k);
    const auto& name = ledger.EnsembleOf(entry)[static_cast<std::size_t>(slot)];
    const auto& bookie = world.bookies[static_cast<std::size_t>(BookieNumber(name))];
    const std::uint8_t content = bookie.Stored(step.read_length);
    if (content != 0) {
      length = static_cast<std::uint8_t>(machines_.contents().Header(content).length);
    }
  }
  Tell([&] {
    return "  " + OwnerName(owner) + " reads the length of entry " + std::to_string(entry.value());
  });
  StepRecoverer(world, i, {.kind = Event::Kind::kLength, .value = length});
}

std::string Rules::Name(const Call& call) const {
  static constexpr const char* kNames[] = {"add", "recovery add", "fence", "fencing read"};
  const auto owner = static_cast<unsigned>(call.owner);
  std::string text = (owner == Call::kNobody ? "an abandoned " : OwnerName(owner) + "'s ") +
                     std::string(kNames[call.kind]);
  if (call.kind == Call::kAdd || call.kind == Call::kRecoveryAdd) {
    text += " of entry " + std::to_string(call.entry);
  } else if (call.kind == Call::kRead) {
    text += " from entry " + std::to_string(call.entry) + " on";
  }
  return text + " at " + BookieText(call.bookie);
}

}  // namespace quire::exhaustive
