#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/exhaustive/machine_state.h"
#include "tests/exhaustive/model_bookie.h"

namespace quire::exhaustive {

// The state of one machine, by number. Writers and recoverers are numbered apart; no state is 0.
using StateId = std::uint32_t;

// One call of a machine's interface, with all it is given.
struct Event {
  enum class Kind : std::uint8_t {
    kAppend,
    kClose,
    kRetryChange,
    kAdd,
    kChanged,
    kClosed,
    kClaimed,
    kFenced,
    kRead,
    kLength,
  };
  Kind kind = Kind::kAppend;
  std::uint8_t slot = 0;
  std::uint8_t entry = 0;  // of kRead: the first one asked for
  bool stale = false;      // the answer to a send of an older generation of the slot
  protocol::Code code = protocol::Code::kOk;
  std::int8_t lac = -1;
  ModelBookie::Entries found{};
  std::uint16_t value = 0;  // a MetaOutcome, or a length
};

// What came of an event.
struct Transition {
  struct Send {
    std::uint8_t entry, slot, bookie, content;
  };
  struct Ask {
    std::uint8_t slot, bookie, first;
  };
  StateId next = 0;
  std::vector<Send> sends;
  std::vector<Ask> asks;
  std::uint8_t reset = 0;  // slots that began a new generation, as bits
  bool change = false;
  bool retry_later = false;
  bool close = false;
  bool fence = false;
  std::int8_t read_length = -1;
  std::string broken;  // an invariant that the machine alone breaks (I5)

  // The event was ignored.
  bool Nothing(StateId from) const {
    return next == from && sends.empty() && asks.empty() && !change && !retry_later && !close;
  }
};

// What the world and the invariants ask of a machine's state.
struct WriterFacts {
  client::WriteProtocol::Handle handle{};
  bool live = false;  // open or closing, and the close not sent
  bool changing = false;
  std::int8_t lac = -1;
  std::int8_t pushed = -1;
  RecordId ledger = 0;
  int error = 0;  // an Errc, or 0
};
struct RecovererFacts {
  bool finished = false;
  MetaOutcome result;  // once finished
  RecordId ledger = 0;
  std::int8_t decided_end = INT8_MAX;
  std::uint8_t next_read = 0;  // the lowest entry that it still wants to read
  std::array<std::uint8_t, kMaxBookies> frozen{};
};

// The real protocol machines, run once for each state and event that come up in any world: a
// machine is deterministic, so the result is looked up from then on, and a world keeps numbers.
class Machines {
 public:
  explicit Machines(const Configuration& configuration);

  StateId NewWriter();
  StateId NewRecoverer(RecordId ledger);  // claims next

  const Transition& StepWriter(StateId from, const Event& event);
  const Transition& StepRecoverer(StateId from, const Event& event);

  const WriterFacts& Writer(StateId id) const { return writers_.nodes[id - 1].facts; }
  const RecovererFacts& Recoverer(StateId id) const { return recoverers_.nodes[id - 1].facts; }
  // The state under the i-th symmetry, as a number that is the same for the same bytes.
  std::uint64_t WriterHash(StateId id, std::size_t i) const {
    return id == 0 ? 0 : writers_.nodes[id - 1].hashes[i];
  }
  std::uint64_t RecovererHash(StateId id, std::size_t i) const {
    return id == 0 ? 0 : recoverers_.nodes[id - 1].hashes[i];
  }

  // One turn of a metadata update that the machine in state `asked_by` asked for.
  const Registers::Attempt& TryChange(StateId asked_by, RecordId local);
  const Registers::Attempt& TryWriterClose(StateId asked_by, RecordId local);
  const Registers::Attempt& TryClaim(RecordId local);
  const Registers::Attempt& TryRecoveryClose(StateId asked_by, RecordId local);

  const std::vector<Renaming>& symmetries() const { return symmetries_; }
  Contents& contents() { return contents_; }
  Registers& registers() { return registers_; }
  std::size_t states() const { return writers_.nodes.size() + recoverers_.nodes.size(); }

 private:
  template <typename Machine, typename Facts>
  struct Table {
    struct Node {
      std::unique_ptr<Machine> machine;
      std::vector<std::uint64_t> hashes;
      Facts facts;
    };
    std::deque<Node> nodes;
    std::unordered_map<std::string, StateId> by_state;
    std::unordered_map<std::uint64_t, Transition> transitions;
  };
  using Writers = Table<client::WriteProtocol, WriterFacts>;
  using Recoverers = Table<client::RecoveryProtocol, RecovererFacts>;

  template <typename TableOf, typename Machine>
  StateId Intern(TableOf& table, std::unique_ptr<Machine> machine, const std::string& history);
  WriterFacts FactsOf(const client::WriteProtocol& machine);
  RecovererFacts FactsOf(const client::RecoveryProtocol& machine);
  void Run(client::WriteProtocol& machine, const Event& event, Transition& result);
  void Run(client::RecoveryProtocol& machine, const Event& event, Transition& result);
  void Collect(client::RecoveryProtocol& machine, client::RecoveryEffects& effects,
               Transition& result);
  template <typename MakeUpdate>
  const Registers::Attempt& Try(int kind, StateId asked_by, RecordId local, MakeUpdate make);
  common::Result<metadata::VersionedLedger> ResultOf(std::uint16_t outcome) const;
  client::PickBookie Picker() const;

  const Configuration configuration_;
  const std::vector<Renaming> symmetries_;
  Contents contents_;
  Registers registers_;
  Writers writers_;
  Recoverers recoverers_;
  std::unordered_map<std::uint64_t, Registers::Attempt> attempts_;
};

// A mixture of all bits of two numbers.
inline std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  const auto product =
      static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xc2b2ae3d27d4eb4fULL);
  const auto folded =
      static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  return (folded ^ folded >> 29) * 0xbf58476d1ce4e5b9ULL ^ a << 7 ^ b;
}

}  // namespace quire::exhaustive
