#include "tests/crash/oracle.h"

#include <gtest/gtest.h>

#include "tests/crash/workload.h"

namespace quire::crash {
namespace {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

constexpr LedgerId kLedger(1);

class OracleTest : public ::testing::Test {
 protected:
  static Oracle::Bytes Bytes(std::int64_t entry, int version = 0) {
    return Workload::MakeEntry(kLedger, EntryId(entry), version);
  }
  Oracle::AskedAdd Ask(std::int64_t entry, int version = 0, bool recovery = false) {
    return oracle_.Add(kLedger, EntryId(entry), Bytes(entry, version), recovery, false);
  }
  void Add(std::int64_t entry, Code code, int version = 0, bool recovery = false) {
    oracle_.Answer(Ask(entry, version, recovery), code);
  }
  void Fence(std::int64_t denied) {
    const auto asked = oracle_.Read(kLedger, {EntryId(denied)}, true);
    oracle_.Answer(asked, {.code = Code::kOk, .answers = {{.code = Code::kNoEntry, .bytes = {}}}});
  }
  Oracle::Found Found(std::initializer_list<std::int64_t> entries) {
    Oracle::Found found;
    found.known = true;
    found.lac = EntryId(3);
    for (const auto entry : entries) found.entries.emplace(EntryId(entry), *Bytes(entry));
    return found;
  }
  void Restart(Oracle::Found found) {
    oracle_.Restarted();
    oracle_.Settle(kLedger, std::move(found));
  }
  // Raises what may be true of the LAC, so that only entries matter.
  void SetUp() override {
    oracle_.Answer(oracle_.WriteLac(kLedger, EntryId(3)), protocol::WriteLacReply{Code::kOk});
  }

  Oracle oracle_;
};

TEST_F(OracleTest, WhatWasNotAnsweredMayBeThereOrNot) {
  Ask(0);
  Ask(1);
  Restart(Found({1}));
  EXPECT_EQ(oracle_.violation(), "");
}

TEST_F(OracleTest, WhatWasAcknowledgedIsThere) {
  Add(0, Code::kOk);
  Add(1, Code::kOk);
  Restart(Found({1}));
  EXPECT_EQ(oracle_.violation(), "ledger 1: entry 0: is lost, although it was acknowledged");
}

TEST_F(OracleTest, WhatWasRefusedIsNotThere) {
  oracle_.Lac(kLedger, true);
  Add(0, Code::kFenced);
  Restart(Found({0}));
  EXPECT_TRUE(oracle_.broken());
}

TEST_F(OracleTest, WhatARestartFoundStays) {
  Ask(0);
  Restart(Found({0}));
  ASSERT_FALSE(oracle_.broken());
  Restart(Found({}));
  EXPECT_TRUE(oracle_.broken());
}

TEST_F(OracleTest, WhatARestartDidNotFindStaysAway) {
  Ask(0);
  Restart(Found({}));
  ASSERT_FALSE(oracle_.broken());
  Restart(Found({0}));
  EXPECT_TRUE(oracle_.broken());
}

TEST_F(OracleTest, OneOfTwoVersionsWins) {
  const auto first = Ask(0);
  const auto other = Ask(0, 1);
  oracle_.Answer(other, Code::kConflict);
  oracle_.Answer(first, Code::kOk);
  EXPECT_FALSE(oracle_.broken());
  Add(0, Code::kOk, 1);
  EXPECT_TRUE(oracle_.broken());
}

TEST_F(OracleTest, NoAddButARecoveryAddAfterAFence) {
  Fence(5);
  Add(5, Code::kOk, 0, true);
  EXPECT_FALSE(oracle_.broken());
  Add(6, Code::kOk);
  EXPECT_EQ(oracle_.violation(), "ledger 1: entry 6: acknowledged after a fence was");
}

TEST_F(OracleTest, AnAddUnderWayIsNotAcknowledgedAfterItsDenial) {
  const auto add = Ask(5);
  Fence(5);
  oracle_.Answer(add, Code::kOk);
  EXPECT_TRUE(oracle_.broken());
}

TEST_F(OracleTest, FenceLacAndDeletionHold) {
  for (const int broken : {0, 1, 2, 3}) {
    Oracle oracle = oracle_;
    oracle.Answer(oracle.Lac(kLedger, true),
                  protocol::LacReply{.code = Code::kOk, .lac = EntryId(3), .fenced = true});
    if (broken == 2) {
      oracle.Delete(kLedger);
      oracle.Answer(oracle.Lac(kLedger, true), protocol::LacReply{.code = Code::kNoLedger});
    }
    Oracle::Found found = Found({});
    found.fenced = broken != 0;
    if (broken == 1) found.lac = EntryId(2);
    oracle.Settle(kLedger, found);
    EXPECT_EQ(oracle.violation(), broken == 0   ? "ledger 1: the fence is forgotten"
                                  : broken == 1 ? "ledger 1: the LAC went back"
                                  : broken == 2 ? "ledger 1: the deletion is forgotten"
                                                : "");
  }
}

TEST_F(OracleTest, NumbersOfTheJournalGoOn) {
  protocol::BookieStatus status;
  status.journal_lsn = 7;
  status.stored_lsn = 5;
  oracle_.Saw(status);
  EXPECT_FALSE(oracle_.broken());
  status.journal_lsn = 6;
  oracle_.Saw(status);
  EXPECT_TRUE(oracle_.broken());
}

}  // namespace
}  // namespace quire::crash
