#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/recovery_protocol.h"
#include "ledger_cell.h"
#include "protocol/entry.h"

namespace quire::client {

using common::Errc;
using protocol::Code;
using protocol::EntryId;
using protocol::kNoEntry;

inline std::string EntryBytes(std::int64_t entry, std::int64_t lac, std::int64_t length) {
  std::string bytes;
  protocol::EncodeEntry({protocol::LedgerId(5), EntryId(entry), EntryId(lac), length},
                        "entry " + std::to_string(entry), bytes);
  return bytes;
}

// What the bookies of one cluster hold of the ledger, shared by all who recover it. A bookie does
// what protocol 1.3 says, unless the test gives it another answer.
struct BookieModel {
  struct Bookie {
    std::map<EntryId, std::string> entries;
    EntryId explicit_lac = kNoEntry;
    bool known = false;  // has heard of the ledger
    bool fenced = false;
    std::optional<Code> answer;      // to everything
    std::optional<Code> add_answer;  // to adds
    std::set<EntryId> limbo;         // cannot say of these
  };

  // As the writer would have: a copy on the bookie.
  void Store(int bookie, std::int64_t entry, std::int64_t lac) {
    auto& place = at(bookie);
    place.known = true;
    place.entries[EntryId(entry)] = EntryBytes(entry, lac, Length(entry));
  }
  Bookie& at(int bookie) { return bookies[B(static_cast<std::uint64_t>(bookie))]; }
  static std::int64_t Length(std::int64_t entry) { return (entry + 1) * 10; }

  std::pair<Code, EntryId> Fence(protocol::BookieId id) {
    Bookie& bookie = bookies[id];
    if (bookie.answer) return {*bookie.answer, kNoEntry};
    bookie.fenced = true;
    if (!std::exchange(bookie.known, true)) return {Code::kNoLedger, kNoEntry};
    EntryId lac = bookie.explicit_lac;
    for (const auto& [entry, bytes] : bookie.entries) {
      lac = std::max(lac, protocol::PeekEntryHeader(bytes).lac);
    }
    return {Code::kOk, lac};
  }
  std::pair<Code, std::string> Read(protocol::BookieId id, EntryId entry) {
    Bookie& bookie = bookies[id];
    if (bookie.answer) return {*bookie.answer, ""};
    bookie.fenced = bookie.known = true;
    if (bookie.limbo.contains(entry)) return {Code::kUnknown, ""};
    const auto found = bookie.entries.find(entry);
    if (found == bookie.entries.end()) return {Code::kNoEntry, ""};
    return {Code::kOk, found->second};
  }
  Code RecoveryAdd(protocol::BookieId id, EntryId entry, const std::string& bytes) {
    Bookie& bookie = bookies[id];
    if (bookie.answer) return *bookie.answer;
    if (bookie.add_answer) return *bookie.add_answer;
    bookie.known = true;
    const auto [place, fresh] = bookie.entries.try_emplace(entry, bytes);
    return fresh || place->second == bytes ? Code::kOk : Code::kConflict;
  }

  std::map<protocol::BookieId, Bookie> bookies;
};

// Drives one RecoveryProtocol over a shared cell and shared bookies: everything it asks for waits
// in `work` until the test lets it happen.
class RecoveryHarness {
 public:
  struct Work {
    enum class Kind { kClaim, kFence, kRead, kAdd, kLength, kClose };
    Kind kind = Kind::kClaim;
    int slot = 0;
    std::vector<EntryId> entries{};
    RecoveryWrites::Send send{};
    protocol::BookieId bookie{};
    std::string bytes{};
  };
  using Kind = Work::Kind;

  RecoveryHarness(LedgerCell& cell, BookieModel& bookies)
      : cell_(cell),
        bookies_(bookies),
        protocol(cell.now(), [this](const auto& exclude) { return Pick(exclude); }) {
    Step([&](RecoveryEffects& effects) { protocol.Start(effects); });
  }

  // Lets the oldest piece of work happen; false: nothing is left.
  bool RunOne() { return RunAt(0); }
  bool RunAt(std::size_t index) {
    if (index >= work.size()) return false;
    const Work one = std::move(work[index]);
    work.erase(work.begin() + static_cast<std::ptrdiff_t>(index));
    Do(one);
    return true;
  }
  void RunAll() {
    for (int turn = 0; turn < 100'000; ++turn) {
      if (!RunOne()) return;
    }
    ADD_FAILURE() << "the recovery never comes to rest";
  }
  // Lets everything of this kind that is waiting now happen.
  void Run(Kind kind) {
    std::deque<Work> now;
    std::deque<Work> rest;
    for (Work& one : work) (one.kind == kind ? now : rest).push_back(std::move(one));
    work = std::move(rest);
    for (const Work& one : now) Do(one);
  }
  std::size_t Waiting(Kind kind) const {
    return static_cast<std::size_t>(std::ranges::count(work, kind, &Work::kind));
  }
  void ResendLater() {
    for (const auto& send : std::exchange(later, {})) {
      if (protocol.ShouldResend(send)) NoteAdd(send);
    }
  }

  bool finished() const { return finished_; }
  std::optional<Errc> error() const {
    if (!finished_ || protocol.result()) return std::nullopt;
    return protocol.result().error().code();
  }
  const metadata::LedgerMetadata& closed() const { return *protocol.result()->value; }

 private:
  LedgerCell& cell_;
  BookieModel& bookies_;
  bool finished_ = false;

 public:
  RecoveryProtocol protocol;
  std::deque<Work> work;
  std::vector<RecoveryWrites::Send> later;
  std::vector<protocol::BookieId> spares = Bookies(10, 5);
  std::vector<std::pair<int, EntryId>> reads;  // every slot and entry that was asked for
  std::vector<EntryId> measured;               // whose length was read

 private:
  template <typename Event>
  void Step(Event event) {
    RecoveryEffects effects;
    event(effects);
    if (effects.claim) work.push_back({.kind = Kind::kClaim});
    if (effects.fence) {
      for (std::size_t slot = 0; slot < protocol.frozen().size(); ++slot) {
        work.push_back({.kind = Kind::kFence, .slot = static_cast<int>(slot)});
      }
    }
    for (auto& ask : effects.reads) {
      for (const EntryId entry : ask.entries) reads.emplace_back(ask.slot, entry);
      work.push_back({.kind = Kind::kRead, .slot = ask.slot, .entries = ask.entries});
    }
    for (const auto& send : effects.sends) NoteAdd(send);
    later.insert(later.end(), effects.send_later.begin(), effects.send_later.end());
    if (effects.read_length) {
      measured.push_back(*effects.read_length);
      work.push_back({.kind = Kind::kLength, .entries = {*effects.read_length}});
    }
    if (effects.close) work.push_back({.kind = Kind::kClose});
    EXPECT_FALSE(effects.finished && finished_) << "finished twice";
    finished_ |= effects.finished;
  }
  void NoteAdd(const RecoveryWrites::Send& send) {
    work.push_back({.kind = Kind::kAdd,
                    .slot = send.slot,
                    .send = send,
                    .bookie = protocol.writes().BookieOf(send.slot),
                    .bytes = std::string(protocol.writes().Bytes(send.entry))});
  }

  void Do(const Work& one) {
    switch (one.kind) {
      case Kind::kClaim: {
        auto result = cell_.Update(protocol.ledger(), RecoveryProtocol::ClaimUpdate());
        return Step([&](auto& effects) { protocol.OnClaimed(std::move(result), effects); });
      }
      case Kind::kFence: {
        const auto [code, lac] = bookies_.Fence(protocol.frozen()[Slot(one)]);
        return Step([&](auto& effects) { protocol.OnFenced(one.slot, code, lac, effects); });
      }
      case Kind::kRead:
        for (const EntryId entry : one.entries) {
          auto [code, bytes] = bookies_.Read(protocol.frozen()[Slot(one)], entry);
          Step([&](auto& effects) {
            protocol.OnRead(one.slot, entry, code, std::move(bytes), effects);
          });
        }
        return;
      case Kind::kAdd: {
        const Code code = bookies_.RecoveryAdd(one.bookie, one.send.entry, one.bytes);
        return Step([&](auto& effects) { protocol.OnAdd(one.send, code, effects); });
      }
      case Kind::kLength:
        return Step(
            [&](auto& effects) { protocol.OnLength(ReadLength(one.entries.front()), effects); });
      case Kind::kClose: {
        auto result = cell_.Update(protocol.ledger(), protocol.CloseUpdate());
        return Step([&](auto& effects) { protocol.OnClosed(std::move(result), effects); });
      }
    }
  }
  common::Result<std::int64_t> ReadLength(EntryId entry) {
    for (const auto& bookie : protocol.ledger().value->EnsembleOf(entry)) {
      const auto [code, bytes] = bookies_.Read(bookie, entry);
      if (code == Code::kOk) return protocol::PeekEntryHeader(bytes).length;
    }
    return common::Fail(Errc::kReadFailed);
  }
  static std::size_t Slot(const Work& one) { return static_cast<std::size_t>(one.slot); }
  std::optional<protocol::BookieId> Pick(const std::set<protocol::BookieId>& exclude) const {
    for (const auto& spare : spares) {
      if (!exclude.contains(spare)) return spare;
    }
    return std::nullopt;
  }
};

}  // namespace quire::client
