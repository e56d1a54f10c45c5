#include "metadata/ledger_metadata.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/metadata/sample_ledger.h"

namespace quire::metadata {
namespace {

using common::Errc;
using protocol::EntryId;
using protocol::kNoEntry;
using enum LedgerState;
using Change = std::function<void(LedgerMetadata&)>;

Ensemble Bookies(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return {SampleBookie(a), SampleBookie(b), SampleBookie(c)};
}

// Two segments, 0.. and 10.., in the given state; closed at 19.
LedgerMetadata Ledger(LedgerState state) {
  LedgerMetadata ledger = SampleLedger();
  ledger.segments[EntryId(10)] = Bookies(1, 2, 4);
  ledger.state = state;
  if (state == kClosed) {
    ledger.last_entry = EntryId(19);
    ledger.length = 100;
  }
  if (state == kDeleted) ledger.deleted_ms = 9;
  return ledger;
}

LedgerMetadata With(LedgerMetadata ledger, const Change& change) {
  change(ledger);
  return ledger;
}

TEST(LedgerMetadataTest, AcceptsSoundLedgers) {
  for (const auto state : {kOpen, kInRecovery, kClosed, kDeleted}) {
    const auto ok = Ledger(state).Check();
    EXPECT_TRUE(ok) << ok.error().ToString();
  }
  // T-21: closed empty, and closed with a last segment that holds nothing.
  const std::vector<Change> legal = {
      [](auto& m) { m.segments.erase(EntryId(10)), m.last_entry = kNoEntry, m.length = 0; },
      [](auto& m) { m.last_entry = EntryId(9); },
      [](auto& m) { m.length = 0; },  // of empty entries
  };
  for (const auto& change : legal) {
    const auto ok = With(Ledger(kClosed), change).Check();
    EXPECT_TRUE(ok) << ok.error().ToString();
  }
}

TEST(LedgerMetadataTest, RefusesEachBrokenRule) {
  const std::vector<std::pair<LedgerState, Change>> broken = {
      {kOpen, [](auto& m) { m.id = protocol::LedgerId(-1); }},
      {kOpen, [](auto& m) { m.replication.write_quorum = 4; }},
      {kOpen, [](auto& m) { m.replication.ack_quorum = 0; }},
      {kOpen, [](auto& m) { m.replication = {33, 2, 2}; }},
      {kOpen, [](auto& m) { m.state = static_cast<LedgerState>(0); }},
      {kOpen, [](auto& m) { m.state = static_cast<LedgerState>(5); }},
      {kOpen, [](auto& m) { m.segments.clear(); }},
      {kOpen, [](auto& m) { m.segments.erase(EntryId(0)); }},
      {kOpen, [](auto& m) { m.segments[EntryId(-1)] = Bookies(1, 2, 3); }},
      {kOpen, [](auto& m) { m.segments[EntryId(20)] = {SampleBookie(1), SampleBookie(2)}; }},
      {kOpen, [](auto& m) { m.segments[EntryId(10)] = Bookies(1, 2, 1); }},
      {kOpen, [](auto& m) { m.last_entry = EntryId(3); }},
      {kInRecovery, [](auto& m) { m.length = 1; }},
      {kOpen, [](auto& m) { m.deleted_ms = 1; }},
      {kOpen, [](auto& m) { m.recovery_claims = -1; }},
      {kClosed, [](auto& m) { m.last_entry = EntryId(-2); }},
      {kClosed, [](auto& m) { m.last_entry = EntryId(8); }},
      {kClosed, [](auto& m) { m.last_entry = EntryId(INT64_MAX); }},
      {kClosed, [](auto& m) { m.length = -1; }},
      {kClosed, [](auto& m) { m.segments.erase(EntryId(10)), m.last_entry = kNoEntry; }},
  };
  for (std::size_t i = 0; i < broken.size(); ++i) {
    const auto result = With(Ledger(broken[i].first), broken[i].second).Check();
    ASSERT_FALSE(result) << "rule " << i;
    EXPECT_EQ(result.error().code(), Errc::kCorrupt);
    EXPECT_NE(result.error().context(), "");
  }
}

TEST(LedgerMetadataTest, FindsTheEnsembleOfAnEntry) {
  const auto ledger = Ledger(kOpen);
  EXPECT_EQ(ledger.EnsembleOf(EntryId(0)), Bookies(1, 2, 3));
  EXPECT_EQ(ledger.EnsembleOf(EntryId(9)), Bookies(1, 2, 3));
  EXPECT_EQ(ledger.EnsembleOf(EntryId(10)), Bookies(1, 2, 4));
  EXPECT_EQ(ledger.EnsembleOf(EntryId(1'000'000)), Bookies(1, 2, 4));
}

TEST(LedgerTransitionTest, MovesTheStateForwardOnly) {
  const std::vector<LedgerState> states = {kOpen, kInRecovery, kClosed, kDeleted};
  for (const auto from : states) {
    for (const auto to : states) {
      const bool forward = from <= to && from != kDeleted;
      LedgerMetadata next = Ledger(to);
      if (to == kDeleted) {
        next.last_entry = Ledger(from).last_entry;
        next.length = Ledger(from).length;
      }
      const auto result = CheckTransition(Ledger(from), next);
      EXPECT_EQ(result.has_value(), forward) << StateName(from) << " to " << StateName(to);
    }
  }
}

struct Step {
  const char* name;
  LedgerState from;
  LedgerState to;
  bool legal;
  Change change;
};

// I7. Without the change each step is legal.
TEST(LedgerTransitionTest, KeepsWhatMustStay) {
  const Change nothing = [](auto&) {};
  const Change older_slot = [](auto& m) { m.segments[EntryId(0)][2] = SampleBookie(9); };
  const Change older_slots = [](auto& m) { m.segments[EntryId(0)] = Bookies(1, 8, 9); };
  const Change last_slot = [](auto& m) { m.segments[EntryId(10)][0] = SampleBookie(9); };
  const Change last = [](auto& m) { m.segments[EntryId(10)] = Bookies(7, 8, 9); };
  const Change append = [](auto& m) { m.segments[EntryId(15)] = Bookies(7, 8, 9); };
  const Change append_two = [](auto& m) {
    m.segments[EntryId(15)] = Bookies(7, 8, 9);
    m.segments[EntryId(16)] = Bookies(6, 7, 9);
  };
  const Change both = [](auto& m) {
    m.segments[EntryId(10)] = Bookies(7, 8, 9);
    m.segments[EntryId(15)] = Bookies(6, 8, 9);
  };
  const Change insert = [](auto& m) { m.segments[EntryId(5)] = Bookies(7, 8, 9); };
  const Change lose_last = [](auto& m) { m.segments.erase(EntryId(10)); };
  const Change move_last = [](auto& m) {
    m.segments[EntryId(12)] = m.segments[EntryId(10)];
    m.segments.erase(EntryId(10));
  };
  const Change other_end = [](auto& m) { m.last_entry = EntryId(18); };
  const Change other_length = [](auto& m) { m.length = 99; };
  const std::vector<Step> steps = {
      {"re-replicate", kOpen, kOpen, true, older_slot},
      {"two slots at once", kOpen, kOpen, false, older_slots},
      {"replace the last", kOpen, kOpen, true, last},
      {"append", kOpen, kOpen, true, append},
      {"append two", kOpen, kOpen, false, append_two},
      {"replace and append", kOpen, kOpen, false, both},
      {"insert", kOpen, kOpen, false, insert},
      {"lose the last", kOpen, kOpen, false, lose_last},
      {"move the last", kOpen, kOpen, false, move_last},
      {"claim", kOpen, kInRecovery, true, nothing},
      {"claim and append", kOpen, kInRecovery, false, append},
      {"claim and replace", kOpen, kInRecovery, false, last_slot},
      {"writer's close", kOpen, kClosed, true, nothing},
      {"writer's close with a stale older segment", kOpen, kClosed, false, older_slot},  // T-23
      {"writer's close with a new segment", kOpen, kClosed, false, append},
      {"re-replicate in recovery", kInRecovery, kInRecovery, true, older_slot},
      {"the last is frozen in recovery", kInRecovery, kInRecovery, false, last_slot},
      {"append in recovery", kInRecovery, kInRecovery, false, append},
      {"recovery's close", kInRecovery, kClosed, true, nothing},
      {"recovery replaces", kInRecovery, kClosed, true, last},
      {"recovery appends", kInRecovery, kClosed, true, append_two},
      {"recovery replaces and appends", kInRecovery, kClosed, true, both},
      {"recovery changes an older one", kInRecovery, kClosed, false, older_slot},
      {"recovery loses the last", kInRecovery, kClosed, false, lose_last},
      {"re-replicate when closed", kClosed, kClosed, true, older_slot},
      {"re-replicate the last when closed", kClosed, kClosed, true, last_slot},
      {"two slots when closed", kClosed, kClosed, false, older_slots},
      {"append when closed", kClosed, kClosed, false, append},
      {"another end", kClosed, kClosed, false, other_end},
      {"another length", kClosed, kClosed, false, other_length},
      {"delete", kOpen, kDeleted, true, nothing},
      {"delete and append", kOpen, kDeleted, false, append},
      {"delete and change", kOpen, kDeleted, false, older_slot},
      {"delete and end", kOpen, kDeleted, false, other_end},
      {"other id", kOpen, kOpen, false, [](auto& m) { m.id = protocol::LedgerId(1); }},
      {"other key", kOpen, kOpen, false, [](auto& m) { m.key = {9, 9}; }},
      {"other quorum", kOpen, kOpen, false, [](auto& m) { m.replication.ack_quorum = 1; }},
      {"other creation", kOpen, kOpen, false, [](auto& m) { m.created_ms = 0; }},
      {"other custom", kOpen, kOpen, false, [](auto& m) { m.custom.clear(); }},
      {"unsound", kOpen, kOpen, false, [](auto& m) { m.segments[EntryId(10)].pop_back(); }},
      {"another writer", kOpen, kOpen, true, [](auto& m) { m.writer = {5, 5}, m.writer_op = 0; }},
      {"count a claim", kOpen, kInRecovery, true, [](auto& m) { ++m.recovery_claims; }},
  };
  for (const Step& step : steps) {
    const auto result = CheckTransition(Ledger(step.from), With(Ledger(step.to), step.change));
    EXPECT_EQ(result.has_value(), step.legal)
        << step.name << (result ? "" : ": " + result.error().ToString());
    if (!result) EXPECT_EQ(result.error().code(), Errc::kCorrupt);
  }
}

TEST(LedgerTransitionTest, LetsTheCountOfClaimsOnlyGrow) {
  auto from = Ledger(kInRecovery);
  from.recovery_claims = 2;
  auto to = from;
  to.recovery_claims = 1;
  EXPECT_FALSE(CheckTransition(from, to));
}

}  // namespace
}  // namespace quire::metadata
