#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/exhaustive/world.h"

namespace quire::exhaustive {

// One step that a world can take.
struct Move {
  enum class Kind : std::uint8_t {
    kAppend,
    kClose,
    kRetryChange,     // the writer's pause is over
    kStart,           // a recoverer
    kDeliver,         // a request to its bookie, or an answer to its client
    kTimeOut,         // a call ends unanswered; the request may still arrive
    kCrash,           // a bookie restarts
    kSwap,            // of metadata: the next compare-and-swap, with its re-reads
    kSwapUnanswered,  // applied, and the answer is lost
    kSwapLate,        // not applied yet, and the client hears of a lost connection
    kApplyLate,       // now it is, if nobody wrote meanwhile
    kReread,          // the client looks what became of it
    kAnswer,          // the result of the writer's change reaches it
  };
  Kind kind = Kind::kAppend;
  std::uint8_t which = 0;  // a call, a bookie, a recoverer, or one of MetaCalls
  std::uint8_t keep = 0;   // of a crash: so many records are on disk
  std::uint8_t told = 0;   // and of so many the answers left before
};

// The lines of a schedule, when somebody wants to read it.
using Lines = std::vector<std::string>;

// The rules of the world: what can happen, and what comes of it.
class Rules {
 public:
  explicit Rules(const Configuration& configuration)
      : configuration_(configuration), machines_(configuration) {}

  World Begin(Lines* lines);
  // In an order that depends on the world alone.
  void Moves(const World& world, std::vector<Move>& moves);
  // Takes the step, then the eager ones. Returns what it broke, or an empty text; the lines get a
  // line for each step.
  std::string Take(World& world, const Move& move, Lines* lines);

  Machines& machines() { return machines_; }
  const Configuration& configuration() const { return configuration_; }

 private:
  // The metadata calls of a world by number: the writer's change, its close, the recoverers'.
  static constexpr std::uint8_t kChange = 0, kClose = 1, kRecoverers = 2;
  static constexpr std::uint8_t kEverybody = 0xff;
  template <typename AnyWorld>
  static auto& MetaCallOf(AnyWorld& world, std::size_t which) {
    if (which == kChange) return world.change;
    return which == kClose ? world.close : world.claims[which - kRecoverers];
  }

  // moves.cc
  void Deliver(World& world, std::size_t call);
  void DeliverRequest(World& world, std::size_t call);
  void DeliverAnswer(World& world, std::size_t call);
  void TimeOut(World& world, std::size_t call);
  void Crash(World& world, const Move& move);
  void StartRecoverer(World& world);
  Event AnswerEvent(const Call& call) const;
  Event TimeoutEvent(const Call& call) const;
  void StepWriter(World& world, const Event& event);
  void StepRecoverer(World& world, std::size_t recoverer, const Event& event);
  void StepOwner(World& world, unsigned owner, const Event& event);
  const Transition& Look(const World& world, unsigned owner, const Event& event);

  // metadata_calls.cc
  const Registers::Attempt& Try(const World& world, std::size_t which, RecordId local);
  void MetaMoves(const World& world, std::vector<Move>& moves);
  void TakeMeta(World& world, const Move& move);
  void Swap(World& world, std::size_t which, Move::Kind kind);
  void End(World& world, std::size_t which, MetaOutcome outcome);
  bool EndsWithoutSwap(World& world, std::size_t which);

  // settle.cc
  void Settle(World& world);
  bool SettleOne(World& world);
  void SettleBookies(World& world);
  bool SettleCall(World& world, std::size_t call);
  bool Forgotten(const World& world, const Call& call);
  bool NoEffect(const World& world, const Call& call) const;
  bool CertainRequest(const World& world, const Call& call) const;
  bool HarmlessAnswer(const World& world, const Call& call);
  bool KeepsJournals(const World& world) const;
  bool IsCalm(const World& world) const;
  bool WriterIsCalm(const World& world);

  void Abandon(World& world, std::size_t call);
  bool Ignores(const World& world, unsigned owner, const Event& event);
  bool ReadsFence() const { return configuration_.deviation != Deviation::kReadsDoNotFence; }
  void Broken(const std::string& what) {
    if (!what.empty() && broken_.empty()) broken_ = what;
  }
  // `make` gives the line; nothing is done when nobody reads it.
  template <typename Make>
  void Tell(Make make) {
    if (lines_ != nullptr) lines_->emplace_back(make());
  }
  std::string Name(const Call& call) const;

  const Configuration configuration_;
  Machines machines_;
  Lines* lines_ = nullptr;
  std::string broken_;
  std::uint8_t stepped_ = 0;  // owners whose calls may be forgotten now, as bits
};

}  // namespace quire::exhaustive
