#include "tests/simulation/bookie_witness.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "protocol/entry.h"

namespace quire::simulation {
namespace {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

constexpr protocol::BookieId kBookie{1, 1};
constexpr LedgerId kLedger(7);

// Answers what the test says, when it says so.
class ScriptedBookie final : public rpc::BookieHandler {
 public:
  void Add(protocol::BookieId, std::span<const protocol::Add>,
           common::Callback<std::vector<Code>> done) override {
    add = std::move(done);
  }
  void Read(protocol::ReadRequest, common::Callback<protocol::ReadReply> done) override {
    read = std::move(done);
  }
  void Lac(protocol::LacRequest, common::Callback<protocol::LacReply> done) override {
    lac = std::move(done);
  }
  void WriteLac(protocol::WriteLacRequest,
                common::Callback<protocol::WriteLacReply> done) override {
    done({.code = Code::kOk});
  }
  void ListEntries(protocol::ListEntriesRequest,
                   common::Callback<protocol::ListEntriesReply> done) override {
    done({.code = Code::kOk, .runs = {}});
  }
  void Status(protocol::StatusRequest, common::Callback<protocol::StatusReply> done) override {
    done({.code = Code::kOk, .instance = {}, .bookies = {}});
  }
  bool Accepting() const override { return true; }

  common::Callback<std::vector<Code>> add;
  common::Callback<protocol::ReadReply> read;
  common::Callback<protocol::LacReply> lac;
};

class BookieWitnessTest : public ::testing::Test {
 protected:
  using Answer = std::function<void()>;

  // Sends the request at once; the bookie answers when the returned function is called.
  Answer Add(Code code, bool recovery = false, std::string_view payload = "payload") {
    std::string bytes;
    protocol::EncodeEntry({.ledger = kLedger, .entry = EntryId(0)}, payload, bytes);
    const protocol::Add add{.entry = bytes, .key = {}, .recovery = recovery};
    door_.Add(kBookie, {&add, 1}, [](const auto&) {});
    return [done = std::make_shared<decltype(bookie_.add)>(std::move(bookie_.add)), code] {
      (*done)({code});
    };
  }
  Answer Read(Code code, bool fence) {
    door_.Read(
        {.bookie = kBookie, .ledger = kLedger, .entries = {EntryId(0)}, .fence = fence, .key = {}},
        [](const auto&) {});
    return [done = std::make_shared<decltype(bookie_.read)>(std::move(bookie_.read)), code] {
      (*done)({.code = Code::kOk, .answers = {{.code = code, .bytes = {}}}});
    };
  }
  void FenceLac(Code code, std::int64_t lac = -1) {
    door_.Lac({.bookie = kBookie, .ledger = kLedger, .fence = true, .key = {}}, [](const auto&) {});
    bookie_.lac({.code = code, .lac = EntryId(lac), .fenced = true});
  }
  std::string Violation() const { return chronicle_.violation().value_or("none").substr(0, 3); }

  SimScheduler scheduler_{1};
  Trace trace_{scheduler_, 0};
  Chronicle chronicle_{trace_};
  BookieWitness witness_{"b0", chronicle_};
  ScriptedBookie bookie_;
  WitnessedHandler door_{bookie_, witness_};
};

TEST_F(BookieWitnessTest, SeesAnAddAcknowledgedThatCameAfterAFence) {
  FenceLac(Code::kNoLedger);
  Add(Code::kOk)();
  EXPECT_EQ(Violation(), "I8 ");
}

TEST_F(BookieWitnessTest, LetsRecoveryAddsAndEarlierAddsPass) {
  const Answer earlier = Add(Code::kOk);
  FenceLac(Code::kOk);
  earlier();
  Add(Code::kOk, true)();
  EXPECT_EQ(Violation(), "non");
}

TEST_F(BookieWitnessTest, AFenceThatWasNotAnsweredPromisesNothing) {
  FenceLac(Code::kTimeout);
  Add(Code::kOk)();
  EXPECT_EQ(Violation(), "non");
}

TEST_F(BookieWitnessTest, SeesAnEntryAcknowledgedThatWasDeniedToAFencingRead) {
  const Answer add = Add(Code::kOk);
  Read(Code::kNoEntry, true)();
  add();
  EXPECT_EQ(Violation(), "I9 ");
}

TEST_F(BookieWitnessTest, SeesAnEntryDeniedThatWasAcknowledged) {
  Add(Code::kOk)();
  Read(Code::kUnknown, false)();
  EXPECT_EQ(Violation(), "non");
  Read(Code::kNoEntry, false)();
  EXPECT_EQ(Violation(), "I10");
}

TEST_F(BookieWitnessTest, AnAddMayOvertakeARead) {
  const Answer add = Add(Code::kOk);
  const Answer read = Read(Code::kNoEntry, false);
  add();
  read();
  EXPECT_EQ(Violation(), "non");
}

TEST_F(BookieWitnessTest, SeesOtherBytesAcknowledged) {
  Add(Code::kOk)();
  Add(Code::kConflict, true, "other")();
  EXPECT_EQ(Violation(), "non");
  Add(Code::kOk, true, "other")();
  EXPECT_EQ(Violation(), "I10");
}

TEST_F(BookieWitnessTest, SeesALacAboveTheEnd) {
  FenceLac(Code::kOk, 3);
  chronicle_.Closed(kLedger, EntryId(3));
  EXPECT_EQ(Violation(), "non");
  FenceLac(Code::kOk, 4);
  EXPECT_EQ(Violation(), "I5 ");
}

TEST_F(BookieWitnessTest, ExcusesWhatWasAcknowledgedBeforeTheDamageAndNothingElse) {
  witness_.ExcuseAll();
  Add(Code::kOk)();
  EXPECT_FALSE(witness_.IsExcused(kLedger, EntryId(0)));
  witness_.ExcuseAll();
  EXPECT_TRUE(witness_.IsExcused(kLedger, EntryId(0)));
  EXPECT_FALSE(witness_.IsExcused(kLedger, EntryId(1)));
  const auto late = Add(Code::kOk);
  witness_.ExcuseAll();
  late();
  EXPECT_TRUE(witness_.IsExcused(kLedger, EntryId(0))) << "it may be the damaged copy";
  Add(Code::kOk)();
  EXPECT_FALSE(witness_.IsExcused(kLedger, EntryId(0))) << "it was replaced";
}

TEST_F(BookieWitnessTest, AWipedBookieAndADeletedLedgerPromiseNothing) {
  Add(Code::kOk)();
  chronicle_.Deleted(kLedger);
  Read(Code::kNoEntry, true)();
  witness_.Forget();
  Add(Code::kOk)();
  EXPECT_EQ(Violation(), "non");
}

}  // namespace
}  // namespace quire::simulation
