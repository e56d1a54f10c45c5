#include "tests/exhaustive/machine_state.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/exhaustive/expose.h"

namespace quire::exhaustive {

using client::PendingAdds;
using client::RecoveryProtocol;
using client::RecoveryReads;
using client::RecoveryWrites;
using client::WriteProtocol;

QUIRE_EXPOSE(AddsOfPending, &PendingAdds::adds_);
QUIRE_EXPOSE(BaseOfPending, &PendingAdds::base_);
QUIRE_EXPOSE(WriterPending, &WriteProtocol::pending_);
QUIRE_EXPOSE(WriterGeneration, &WriteProtocol::generation_);
QUIRE_EXPOSE(WriterPushedLength, &WriteProtocol::pushed_length_);
QUIRE_EXPOSE(WriterFailed, &WriteProtocol::failed_);
QUIRE_EXPOSE(WriterTouched, &WriteProtocol::touched_);
QUIRE_EXPOSE(WriterDead, &WriteProtocol::dead_);
QUIRE_EXPOSE(WriterRetrying, &WriteProtocol::retrying_);
QUIRE_EXPOSE(WriterRetryDue, &WriteProtocol::retry_due_);
QUIRE_EXPOSE(WriterWaiting, &WriteProtocol::waiting_);
QUIRE_EXPOSE(WriterWaits, &WriteProtocol::waits_);
QUIRE_EXPOSE(WriterCloseSent, &WriteProtocol::close_sent_);
QUIRE_EXPOSE(WriterCloseResult, &WriteProtocol::close_result_);
QUIRE_EXPOSE(RecoveryPhase, &RecoveryProtocol::phase_);
QUIRE_EXPOSE(RecoveryFenceKnown, &RecoveryProtocol::fence_known_);
QUIRE_EXPOSE(RecoveryFenceAnswered, &RecoveryProtocol::fence_answered_);
QUIRE_EXPOSE(RecoveryHighestLac, &RecoveryProtocol::highest_lac_);
QUIRE_EXPOSE(RecoveryReadsPart, &RecoveryProtocol::reads_);
QUIRE_EXPOSE(RecoveryWritesPart, &RecoveryProtocol::writes_);
QUIRE_EXPOSE(RecoveryEndFound, &RecoveryProtocol::end_found_);
QUIRE_EXPOSE(RecoveryLength, &RecoveryProtocol::length_);
QUIRE_EXPOSE(RecoveryResult, &RecoveryProtocol::result_);
QUIRE_EXPOSE(ReadsTallies, &RecoveryReads::tallies_);
QUIRE_EXPOSE(WritesEnsemble, &RecoveryWrites::ensemble_);
QUIRE_EXPOSE(WritesGeneration, &RecoveryWrites::generation_);
QUIRE_EXPOSE(WritesDead, &RecoveryWrites::dead_);
QUIRE_EXPOSE(WritesBad, &RecoveryWrites::bad_);
QUIRE_EXPOSE(WritesPending, &RecoveryWrites::pending_);

// A member that is added has to be looked at below, or states that differ in it become one.
static_assert(sizeof(WriteProtocol) == 456);
static_assert(sizeof(RecoveryProtocol) == 624);
static_assert(sizeof(RecoveryReads) == 120);
static_assert(sizeof(RecoveryWrites) == 296);

namespace {

// Collects numbers as bytes, slots and bookies under their new names.
class StateBytes {
 public:
  StateBytes(const Renaming& renaming, Contents& contents, Registers& registers)
      : renaming_(renaming), contents_(contents), registers_(registers) {}

  void Number(std::int64_t value) { bytes_.push_back(static_cast<char>(value)); }
  void Slots(protocol::SlotSet slots) {
    int bits = 0;
    for (int slot = 0; slot < kMaxBookies; ++slot) {
      if (slots.Contains(slot)) bits |= 1 << NewName(slot);
    }
    Number(bits);
  }
  void Bookies(const std::set<protocol::BookieId>& bookies) {
    int bits = 0;
    for (const auto& bookie : bookies) bits |= 1 << NewName(BookieNumber(bookie));
    Number(bits);
  }
  void Slot(int slot) { Number(NewName(slot)); }
  void Ensemble(const metadata::Ensemble& ensemble) {
    std::array<int, kMaxBookies> places{};
    for (std::size_t slot = 0; slot < ensemble.size(); ++slot) {
      places[static_cast<std::size_t>(NewName(static_cast<int>(slot)))] =
          NewName(BookieNumber(ensemble[slot]));
    }
    for (const int place : places) Number(place);
  }
  void Ledger(const metadata::VersionedLedger& ledger) {
    const RecordId id = registers_.IdOf(ledger);
    Number(id & 0xff);
    Number(id >> 8);
  }
  void Content(const std::string& bytes) { Number(contents_.IdOf(bytes)); }
  void Unconfirmed(const PendingAdds& pending) {
    Number(pending.first().value());
    Number(pending.next().value());
    const auto& adds = Peek<AddsOfPending>(pending);
    const auto begin = pending.first() - Peek<BaseOfPending>(pending);
    for (std::size_t i = static_cast<std::size_t>(begin); i < adds.size(); ++i) {
      Content(adds[i].bytes);
      Slots(adds[i].acks);
    }
  }
  void ErrorOf(const std::optional<common::Error>& error) {
    Number(error ? static_cast<int>(error->code()) : 0);
  }

  std::string Take() { return std::move(bytes_); }

 private:
  int NewName(int slot) const { return renaming_[static_cast<std::size_t>(slot)]; }

  const Renaming& renaming_;
  Contents& contents_;
  Registers& registers_;
  std::string bytes_;
};

template <typename Vector>
Generations ToArray(const Vector& generations) {
  Generations result{};
  std::ranges::copy(generations, result.begin());
  return result;
}

}  // namespace

std::vector<Renaming> SymmetriesOf(const Configuration& configuration) {
  std::vector<Renaming> all = {kNoRenaming};
  const auto& replication = configuration.replication;
  const bool uniform = replication.ensemble == replication.write_quorum;
  if (!configuration.symmetry || !configuration.merge_states || !uniform ||
      configuration.spares != 0) {
    return all;
  }
  Renaming next = kNoRenaming;
  while (std::next_permutation(next.begin(), next.begin() + replication.ensemble)) {
    all.push_back(next);
  }
  return all;
}

std::string StateOf(const WriteProtocol& machine, const Renaming& renaming, Contents& contents,
                    Registers& registers) {
  StateBytes state(renaming, contents, registers);
  const bool close_sent = Peek<WriterCloseSent>(machine);
  state.Number(static_cast<int>(machine.handle()));
  state.Number(close_sent ? 1 : 0);
  state.ErrorOf(machine.error());
  state.Number(machine.length());
  state.Ledger(machine.ledger());
  const auto& close_result = Peek<WriterCloseResult>(machine);
  state.Number(!close_result ? 1 : *close_result ? 2 : 3);
  state.Unconfirmed(Peek<WriterPending>(machine));
  state.Number(Peek<WriterPushedLength>(machine));
  state.Ensemble(machine.ensemble());
  state.Slots(Peek<WriterFailed>(machine));
  state.Slots(Peek<WriterDead>(machine));
  state.Number(Peek<WriterRetryDue>(machine) ? 1 : 0);
  state.Number(Peek<WriterWaiting>(machine) ? 1 : 0);
  state.Number(Peek<WriterWaits>(machine));
  state.Number(machine.changing() ? 1 : 0);
  // Each change sets these anew when it begins.
  if (!machine.changing()) return state.Take();
  state.Slots(Peek<WriterTouched>(machine));
  state.Number(Peek<WriterRetrying>(machine) ? 1 : 0);
  const client::EnsembleChange& change = machine.change();
  state.Number(change.start.value());
  metadata::Ensemble replacing;
  protocol::SlotSet slots;
  for (const auto& [slot, bookie] : change.replacing) slots.Insert(slot);
  state.Slots(slots);
  for (int slot = 0; slot < static_cast<int>(machine.ensemble().size()); ++slot) {
    replacing.push_back(slots.Contains(slot) ? change.replacing.at(slot) : BookieName(slot));
  }
  state.Ensemble(replacing);
  state.Bookies(change.bad);
  return state.Take();
}

std::string StateOf(const RecoveryProtocol& machine, const Renaming& renaming, Contents& contents,
                    Registers& registers) {
  StateBytes state(renaming, contents, registers);
  state.Number(static_cast<int>(Peek<RecoveryPhase>(machine)));
  if (const auto& result = Peek<RecoveryResult>(machine)) {
    state.Number(*result ? 0 : static_cast<int>(result->error().code()));
    if (*result) state.Ledger(**result);
    return state.Take();
  }
  state.Ledger(machine.ledger());
  const auto& reads = Peek<RecoveryReadsPart>(machine);
  const auto& writes = Peek<RecoveryWritesPart>(machine);
  if (!reads) {
    state.Slots(Peek<RecoveryFenceKnown>(machine));
    state.Slots(Peek<RecoveryFenceAnswered>(machine));
    state.Number(Peek<RecoveryHighestLac>(machine).value());
    return state.Take();
  }
  state.Number(Peek<RecoveryLength>(machine));
  state.Number(machine.recovered());
  state.Unconfirmed(Peek<WritesPending>(*writes));
  state.Ensemble(Peek<WritesEnsemble>(*writes));
  state.Slots(Peek<WritesDead>(*writes));
  state.Bookies(Peek<WritesBad>(*writes));
  state.Number(static_cast<std::int64_t>(writes->segments().size()));
  for (const auto& [first, ensemble] : writes->segments()) {
    state.Number(first.value());
    state.Ensemble(ensemble);
  }
  const bool end_found = Peek<RecoveryEndFound>(machine);
  state.Number(end_found ? 1 : 0);
  if (end_found) return state.Take();  // nobody asks for what was read
  state.Number(reads->next().value());
  const auto& tallies = Peek<ReadsTallies>(*reads);
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    const auto& tally = tallies[i];
    if (tally.answered.empty()) continue;
    state.Number(static_cast<std::int64_t>(i));
    state.Slots(tally.answered);
    state.Number(tally.negatives);
    state.Number(tally.found ? 1 : 0);
    if (tally.found) state.Content(tally.bytes);
  }
  return state.Take();
}

Generations GenerationsOf(const WriteProtocol& machine) {
  return ToArray(Peek<WriterGeneration>(machine));
}

Generations GenerationsOf(const RecoveryProtocol& machine) {
  const auto& writes = Peek<RecoveryWritesPart>(machine);
  return writes ? ToArray(Peek<WritesGeneration>(*writes)) : Generations{};
}

const std::optional<common::Result<metadata::VersionedLedger>>& ResultIfFinished(
    const RecoveryProtocol& machine) {
  return Peek<RecoveryResult>(machine);
}

std::int8_t DecidedEnd(const RecoveryProtocol& machine) {
  const auto& writes = Peek<RecoveryWritesPart>(machine);
  if (!writes || !Peek<RecoveryEndFound>(machine) || ResultIfFinished(machine)) return INT8_MAX;
  return static_cast<std::int8_t>(writes->next().value() - 1);
}

std::uint8_t NextRead(const RecoveryProtocol& machine) {
  return machine.reading()
             ? static_cast<std::uint8_t>(Peek<RecoveryReadsPart>(machine)->next().value())
             : std::uint8_t{0};
}

}  // namespace quire::exhaustive
