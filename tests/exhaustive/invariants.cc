#include "tests/exhaustive/invariants.h"

#include <algorithm>

#include "protocol/quorum.h"

namespace quire::exhaustive {

namespace {

using common::Errc;
using Handle = client::WriteProtocol::Handle;

class Inspection {
 public:
  Inspection(const World& world, Rules& rules)
      : world_(world),
        rules_(rules),
        machines_(rules.machines()),
        writer_(machines_.Writer(world.writer)),
        record_(machines_.registers().Value(world.record)) {}

  std::string Run() {
    CheckCopies();
    CheckDecisions();
    if (record_.state == metadata::LedgerState::kClosed) CheckClosed();
    CheckWriter();
    for (std::size_t i = 0; i < world_.recoverers.size(); ++i) {
      if (world_.recoverers[i] != 0) CheckRecoverer(i);
    }
    return std::move(broken_);
  }

 private:
  void Broken(const std::string& what) {
    if (broken_.empty()) broken_ = what;
  }
  static std::string Entry(int entry) { return "entry " + std::to_string(entry); }
  std::size_t bookies() const { return static_cast<std::size_t>(rules_.configuration().bookies()); }

  // I4: copies of an entry are bitwise equal, whoever wrote them.
  void CheckCopies() {
    for (int entry = 0; entry < rules_.configuration().entries; ++entry) {
      std::uint8_t first = 0;
      for (std::size_t b = 0; b < bookies(); ++b) {
        const std::uint8_t content = world_.bookies[b].Stored(entry);
        if (content == 0) continue;
        if (first == 0) first = content;
        if (content != first) Broken("I4: two copies of " + Entry(entry) + " differ");
      }
    }
  }

  // I9 and what it is for: an end that a recovery found is never below what the writer
  // acknowledged, now or later.
  void CheckDecisions() {
    for (std::size_t i = 0; i < world_.recoverers.size(); ++i) {
      if (world_.recoverers[i] == 0) continue;
      const int end = machines_.Recoverer(world_.recoverers[i]).decided_end;
      if (writer_.lac <= end) continue;
      Broken("I9: R" + std::to_string(i + 1) + " decided that the ledger ends at " +
             std::to_string(end) + ", and " + Entry(writer_.lac) + " is acknowledged");
    }
  }

  void CheckClosed() {
    const auto last = static_cast<int>(record_.last_entry.value());
    if (writer_.lac > last) {
      Broken("I1, I3: " + Entry(writer_.lac) + " is acknowledged, the ledger is closed at " +
             std::to_string(last));
    }
    int length = 0;
    for (int entry = 0; entry <= last; ++entry) {
      length += entry + 1;  // as Machines makes them
      CheckCopiesOf(entry);
    }
    if (record_.length != length) {
      Broken("T-25: closed with length " + std::to_string(record_.length) + " instead of " +
             std::to_string(length));
    }
    for (std::size_t b = 0; b < bookies(); ++b) CheckLacs(b, last);
  }

  // I2, counting what is known to be durable.
  void CheckCopiesOf(int entry) {
    const auto& replication = record_.replication;
    const auto& ensemble = record_.EnsembleOf(protocol::EntryId(entry));
    int copies = 0;
    for (int i = 0; i < replication.write_quorum; ++i) {
      const int slot = protocol::WriteSetSlot(replication, protocol::EntryId(entry), i);
      const int bookie = BookieNumber(ensemble[static_cast<std::size_t>(slot)]);
      copies += world_.bookies[static_cast<std::size_t>(bookie)].Durable(entry) != 0 ? 1 : 0;
    }
    if (copies >= replication.ack_quorum) return;
    Broken("I2: closed, and " + Entry(entry) + " has " + std::to_string(copies) +
           " durable copies where the metadata says");
  }

  // I5, and the half of I4 about readers of an open ledger: nobody was ever told of a LAC above the
  // end.
  void CheckLacs(std::size_t bookie, int last) {
    for (int entry = 0; entry < kMaxEntries; ++entry) {
      const std::uint8_t content = world_.bookies[bookie].Stored(entry);
      if (content == 0) continue;
      const auto lac = machines_.contents().Header(content).lac.value();
      if (lac > last) {
        Broken("I5: b" + std::to_string(bookie) + " tells readers of LAC " + std::to_string(lac) +
               ", the ledger is closed at " + std::to_string(last));
      }
    }
  }

  bool Waits(unsigned owner) const {
    return std::any_of(world_.calls.begin(), world_.calls.begin() + world_.calls_size,
                       [&](const Call& call) { return call.owner == owner; });
  }

  void CheckWriter() {
    const bool waits = Waits(Call::kWriter) || world_.retry_due ||
                       world_.change.phase != MetaCall::kNone ||
                       world_.close.phase != MetaCall::kNone;
    if (writer_.live && writer_.pushed > writer_.lac && !waits) {
      Broken("STALL: the writer waits for nothing and has not ended " + Entry(writer_.lac + 1));
    }
    if (writer_.handle == Handle::kClosing && !waits) Broken("STALL: the writer never closes");
    const bool closed = record_.state == metadata::LedgerState::kClosed;
    if (writer_.handle == Handle::kClosed &&
        (!closed || record_.last_entry.value() != writer_.lac)) {
      Broken("I11: the writer says that it closed the ledger, and it is not closed at its LAC");
    }
    if (writer_.error == 0) return;
    switch (static_cast<Errc>(writer_.error)) {
      case Errc::kFenced:
      case Errc::kLedgerClosed:
      case Errc::kNotEnoughBookies:
      case Errc::kMetadataConflict: return;
      default:
        Broken("the writer fails with an error that says that something is wrong: " +
               common::Error(static_cast<Errc>(writer_.error)).ToString());
    }
  }

  void CheckRecoverer(std::size_t i) {
    const RecovererFacts& facts = machines_.Recoverer(world_.recoverers[i]);
    const std::string name = "R" + std::to_string(i + 1);
    if (!facts.finished) {
      if (!Waits(static_cast<unsigned>(i + 1)) && world_.claims[i].phase == MetaCall::kNone) {
        Broken("STALL: " + name + " waits for nothing and is not finished");
      }
      return;
    }
    if (facts.result.ok()) {
      if (facts.result.snapshot() != world_.record) {
        Broken("I11: " + name + " finished with a ledger that is not the closed one");
      }
      return;
    }
    const Budgets& all = rules_.configuration().budgets;
    const bool quiet = world_.timeouts == all.timeouts && world_.crashes == all.crashes;
    const Errc error = facts.result.error();
    const bool retryable = error == Errc::kRecoveryBlocked || error == Errc::kNotEnoughBookies;
    if (retryable && !quiet) return;
    Broken(name +
           " does not close the ledger, although nothing failed that could keep it from it: " +
           common::Error(error).ToString());
  }

  const World& world_;
  Rules& rules_;
  Machines& machines_;
  const WriterFacts& writer_;
  const metadata::LedgerMetadata& record_;
  std::string broken_;
};

}  // namespace

std::string FindViolation(const World& world, Rules& rules) {
  return Inspection(world, rules).Run();
}

}  // namespace quire::exhaustive
