#include "tests/exhaustive/machines.h"

#include <utility>

#include "common/check.h"
#include "protocol/entry.h"

namespace quire::exhaustive {

using client::RecoveryEffects;
using client::RecoveryProtocol;
using client::WriteEffects;
using client::WriteProtocol;
using metadata::VersionedLedger;
using protocol::EntryId;

namespace {

std::uint64_t Pack(const Event& event) {
  std::uint64_t bits = static_cast<std::uint64_t>(event.kind);
  const auto add = [&](unsigned value, int width) {
    QUIRE_CHECK(value >> width == 0);
    bits = bits << width | value;
  };
  const int code = static_cast<int>(event.code);
  add(static_cast<unsigned>(code >= 100 ? code - 100 + 14 : code), 4);
  add(event.slot, 2);
  add(event.entry, 2);
  add(event.stale ? 1 : 0, 1);
  add(static_cast<unsigned>(event.lac + 1), 3);
  unsigned value = 0;
  for (const auto content : event.found) value = value << 4 | content;
  QUIRE_CHECK(value == 0 || event.value == 0);  // what was read has no other value
  value |= event.value;
  add(value, 16);
  return bits;
}

std::uint64_t KeyOf(StateId from, const Event& event) {
  return static_cast<std::uint64_t>(from) << 32 | Pack(event);
}

std::uint64_t HashOf(const std::string& bytes) {
  std::uint64_t hash = bytes.size();
  for (const char byte : bytes) hash = Mix(hash, static_cast<unsigned char>(byte));
  return hash;
}

std::uint8_t Byte(std::int64_t value) {
  return static_cast<std::uint8_t>(value);
}

// The slots that began anew in a step, a bit each.
std::uint8_t ResetSlots(const Generations& old, const Generations& now) {
  std::uint8_t slots = 0;
  for (std::size_t slot = 0; slot < old.size(); ++slot) {
    if (old[slot] != now[slot]) slots |= static_cast<std::uint8_t>(1U << slot);
  }
  return slots;
}

}  // namespace

Machines::Machines(const Configuration& configuration)
    : configuration_(configuration),
      symmetries_(SymmetriesOf(configuration)),
      registers_(configuration) {}

// The lowest free one: with at most one spare there is never a choice.
client::PickBookie Machines::Picker() const {
  return [count = configuration_.bookies()](
             const std::set<protocol::BookieId>& exclude) -> std::optional<protocol::BookieId> {
    for (int n = 0; n < count; ++n) {
      if (!exclude.contains(BookieName(n))) return BookieName(n);
    }
    return std::nullopt;
  };
}

template <typename TableOf, typename Machine>
StateId Machines::Intern(TableOf& table, std::unique_ptr<Machine> machine,
                         const std::string& history) {
  const std::string state = StateOf(*machine, kNoRenaming, contents_, registers_);
  const std::string& key = configuration_.merge_states ? state : history;
  const auto [place, fresh] =
      table.by_state.try_emplace(key, static_cast<StateId>(table.nodes.size() + 1));
  if (!fresh) return place->second;
  auto& node = table.nodes.emplace_back();
  node.hashes.push_back(HashOf(key));
  for (std::size_t i = 1; i < symmetries_.size(); ++i) {
    node.hashes.push_back(HashOf(StateOf(*machine, symmetries_[i], contents_, registers_)));
  }
  node.facts = FactsOf(*machine);
  node.machine = std::move(machine);
  return place->second;
}

StateId Machines::NewWriter() {
  client::WriteLimits limits;
  limits.max_waits = 1;  // once shows the waiting, and more only make the space larger
  return Intern(writers_, std::make_unique<WriteProtocol>(registers_.At(0), limits), "new");
}

StateId Machines::NewRecoverer(RecordId ledger) {
  auto machine = std::make_unique<RecoveryProtocol>(registers_.At(ledger), Picker());
  RecoveryEffects effects;
  machine->Start(effects);
  QUIRE_CHECK(effects.claim);
  return Intern(recoverers_, std::move(machine), "new " + std::to_string(ledger));
}

const Transition& Machines::StepWriter(StateId from, const Event& event) {
  const std::uint64_t key = KeyOf(from, event);
  const auto known = writers_.transitions.find(key);
  if (known != writers_.transitions.end()) return known->second;
  const WriteProtocol& before = *writers_.nodes[from - 1].machine;
  auto machine = std::make_unique<WriteProtocol>(before);
  Transition result;
  Run(*machine, event, result);
  result.reset = ResetSlots(GenerationsOf(before), GenerationsOf(*machine));
  if (machine->lac() < before.lac()) result.broken = "I5: the writer's LAC went back";
  if (machine->lac() > machine->last_pushed() &&
      machine->handle() == WriteProtocol::Handle::kOpen) {
    result.broken = "I5: the writer's LAC is above what it sent";
  }
  if (before.changing() && machine->changing() && machine->lac() != before.lac()) {
    result.broken = "T-06: confirmed during a change of the ensemble";
  }
  result.next = Intern(writers_, std::move(machine), std::to_string(key));
  return writers_.transitions.emplace(key, std::move(result)).first->second;
}

void Machines::Run(WriteProtocol& machine, const Event& event, Transition& result) {
  WriteEffects effects;
  switch (event.kind) {
    case Event::Kind::kAppend: {
      // Payloads of different lengths, so that the lengths tell the entries apart.
      const auto payload = static_cast<std::size_t>(machine.last_pushed().value() + 2);
      std::string bytes(protocol::kEntryOverheadBytes + payload, 'x');
      QUIRE_CHECK(machine.Append(std::move(bytes), effects).has_value());
      break;
    }
    case Event::Kind::kClose: machine.Close(effects); break;
    case Event::Kind::kRetryChange: machine.OnRetryChange(effects); break;
    case Event::Kind::kAdd: {
      const std::uint32_t generation = GenerationsOf(machine)[event.slot] - (event.stale ? 1 : 0);
      machine.OnAdd({EntryId(event.entry), event.slot, generation}, event.code, effects);
      break;
    }
    case Event::Kind::kChanged: machine.OnChanged(ResultOf(event.value), effects); break;
    case Event::Kind::kClosed: machine.OnClosed(ResultOf(event.value), effects); break;
    default: QUIRE_CHECK(false);
  }
  QUIRE_CHECK(effects.send_later.empty());  // nobody is ever busy
  for (const auto& send : effects.sends) {
    const auto& bookie = machine.ensemble()[static_cast<std::size_t>(send.slot)];
    result.sends.push_back({Byte(send.entry.value()), Byte(send.slot), Byte(BookieNumber(bookie)),
                            contents_.IdOf(machine.Bytes(send.entry))});
  }
  result.change = effects.change_ensemble;
  result.retry_later = effects.retry_change_later;
  result.close = effects.close;
}

const Transition& Machines::StepRecoverer(StateId from, const Event& event) {
  const std::uint64_t key = KeyOf(from, event);
  const auto known = recoverers_.transitions.find(key);
  if (known != recoverers_.transitions.end()) return known->second;
  const RecoveryProtocol& before = *recoverers_.nodes[from - 1].machine;
  auto machine = std::make_unique<RecoveryProtocol>(before);
  Transition result;
  Run(*machine, event, result);
  result.reset = ResetSlots(GenerationsOf(before), GenerationsOf(*machine));
  result.next = Intern(recoverers_, std::move(machine), std::to_string(key));
  return recoverers_.transitions.emplace(key, std::move(result)).first->second;
}

void Machines::Run(RecoveryProtocol& machine, const Event& event, Transition& result) {
  RecoveryEffects effects;
  const auto run = [&](auto step) {
    effects.Clear();
    step();
    Collect(machine, effects, result);
  };
  switch (event.kind) {
    case Event::Kind::kClaimed:
      return run([&] { machine.OnClaimed(ResultOf(event.value), effects); });
    case Event::Kind::kFenced:
      return run([&] { machine.OnFenced(event.slot, event.code, EntryId(event.lac), effects); });
    case Event::Kind::kRead:
      // As the driver takes a reply apart; nobody was asked for fewer than all up to the first
      // entry that was never written, and what lies above that is never decided.
      for (int entry = event.entry; entry <= configuration_.entries; ++entry) {
        if (!protocol::InWriteSet(configuration_.replication, EntryId(entry), event.slot)) continue;
        const std::uint8_t content =
            entry < kMaxEntries ? event.found[static_cast<std::size_t>(entry)] : std::uint8_t{0};
        const bool found = event.code == protocol::Code::kOk && content != 0;
        const bool denied = event.code == protocol::Code::kOk && content == 0;
        run([&] {
          machine.OnRead(event.slot, EntryId(entry), denied ? protocol::Code::kNoEntry : event.code,
                         found ? contents_.Bytes(content) : "", effects);
        });
      }
      return;
    case Event::Kind::kAdd: {
      const std::uint32_t generation = GenerationsOf(machine)[event.slot] - (event.stale ? 1 : 0);
      return run([&] {
        machine.OnAdd({EntryId(event.entry), event.slot, generation}, event.code, effects);
      });
    }
    case Event::Kind::kLength: {
      common::Result<std::int64_t> length = event.value;
      if (event.value == 0) length = common::Fail(common::Errc::kDataLoss);
      return run([&] { machine.OnLength(std::move(length), effects); });
    }
    case Event::Kind::kClosed:
      return run([&] { machine.OnClosed(ResultOf(event.value), effects); });
    default: QUIRE_CHECK(false);
  }
}

void Machines::Collect(RecoveryProtocol& machine, RecoveryEffects& effects, Transition& result) {
  QUIRE_CHECK(effects.send_later.empty());
  result.fence |= effects.fence;
  result.close |= effects.close;
  if (effects.read_length)
    result.read_length = static_cast<std::int8_t>(effects.read_length->value());
  for (const auto& ask : effects.reads) {
    const auto& bookie = machine.frozen()[static_cast<std::size_t>(ask.slot)];
    result.asks.push_back(
        {Byte(ask.slot), Byte(BookieNumber(bookie)), Byte(ask.entries.front().value())});
  }
  for (const auto& send : effects.sends) {
    result.sends.push_back({Byte(send.entry.value()), Byte(send.slot),
                            Byte(BookieNumber(machine.writes().BookieOf(send.slot))),
                            contents_.IdOf(machine.writes().Bytes(send.entry))});
  }
}

common::Result<VersionedLedger> Machines::ResultOf(std::uint16_t outcome) const {
  const MetaOutcome result = MetaOutcome::FromNumber(outcome);
  if (!result.ok()) return common::Fail(result.error());
  return registers_.At(result.snapshot());
}

WriterFacts Machines::FactsOf(const WriteProtocol& machine) {
  using Handle = WriteProtocol::Handle;
  WriterFacts facts;
  facts.handle = machine.handle();
  facts.live = facts.handle == Handle::kOpen || facts.handle == Handle::kClosing;
  facts.changing = machine.changing();
  facts.lac = static_cast<std::int8_t>(machine.lac().value());
  facts.pushed = static_cast<std::int8_t>(machine.last_pushed().value());
  facts.ledger = registers_.IdOf(machine.ledger());
  facts.error = machine.error() ? static_cast<int>(machine.error()->code()) : 0;
  return facts;
}

RecovererFacts Machines::FactsOf(const RecoveryProtocol& machine) {
  RecovererFacts facts;
  const auto& result = ResultIfFinished(machine);
  facts.finished = result.has_value();
  if (result && *result) facts.result = MetaOutcome::Snapshot(registers_.IdOf(**result));
  if (result && !*result) facts.result = MetaOutcome::Failed(result->error().code());
  facts.ledger = registers_.IdOf(machine.ledger());
  facts.decided_end = DecidedEnd(machine);
  facts.next_read = NextRead(machine);
  for (std::size_t slot = 0; slot < machine.frozen().size(); ++slot) {
    facts.frozen[slot] = Byte(BookieNumber(machine.frozen()[slot]));
  }
  return facts;
}

template <typename MakeUpdate>
const Registers::Attempt& Machines::Try(int kind, StateId asked_by, RecordId local,
                                        MakeUpdate make) {
  const std::uint64_t key =
      static_cast<std::uint64_t>(kind) << 56 | std::uint64_t{asked_by} << 16 | local;
  const auto known = attempts_.find(key);
  if (known != attempts_.end()) return known->second;
  return attempts_.emplace(key, registers_.Try(make(), local)).first->second;
}

const Registers::Attempt& Machines::TryChange(StateId asked_by, RecordId local) {
  return Try(1, asked_by, local,
             [&] { return writers_.nodes[asked_by - 1].machine->change().ToUpdate(Picker()); });
}

const Registers::Attempt& Machines::TryWriterClose(StateId asked_by, RecordId local) {
  return Try(2, asked_by, local,
             [&] { return writers_.nodes[asked_by - 1].machine->CloseUpdate(); });
}

const Registers::Attempt& Machines::TryClaim(RecordId local) {
  return Try(3, 0, local, [] { return RecoveryProtocol::ClaimUpdate(); });
}

const Registers::Attempt& Machines::TryRecoveryClose(StateId asked_by, RecordId local) {
  return Try(4, asked_by, local,
             [&] { return recoverers_.nodes[asked_by - 1].machine->CloseUpdate(); });
}

}  // namespace quire::exhaustive
