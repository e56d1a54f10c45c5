#include "tools/ledger_roller.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "testing/local_cluster.h"
#include "tools/bench_append.h"

namespace quire::tools {
namespace {

using protocol::LedgerId;

class LedgerRollerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = testing::LocalCluster::Start({.bookies = 3});
    ASSERT_TRUE(started) << started.error().ToString();
    cluster_ = *std::move(started);
    watcher_ = NewClient();
    options_.entry_bytes = 100;
    options_.window = 20;
    options_.roll_seconds = 0.01;
  }
  // Each test ends when its ledgers have been rolled, however long that takes.
  static void Pause() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

  std::unique_ptr<client::Client> NewClient() {
    auto client = cluster_->NewClient();
    EXPECT_TRUE(client) << client.error().ToString();
    return *std::move(client);
  }
  void AddClient(std::size_t ledgers) {
    auto& writing = ledgers_.writing().emplace_back(NewClient());
    for (std::size_t i = 0; i < ledgers; ++i) {
      auto writer = CreateBenchLedger(*writing.client, options_);
      ASSERT_TRUE(writer) << writer.error().ToString();
      writing.ledgers.push_back(*std::move(writer));
    }
  }
  BenchLedgers::Writing& writing() { return ledgers_.writing().front(); }

  std::vector<LedgerId> Listed() {
    const auto listed = watcher_->ListLedgers(LedgerId(-1), 100);
    EXPECT_TRUE(listed) << listed.error().ToString();
    std::vector<LedgerId> ids;
    for (const auto& ledger : *listed) ids.push_back(ledger.id);
    return ids;
  }
  std::vector<LedgerId> Current() {
    auto ids = ledgers_.ids();
    std::ranges::sort(ids);
    return ids;
  }
  // Until none of the ledgers is left that were `first`.
  void AwaitOthers(const std::vector<LedgerId>& first) {
    for (auto now = Listed(); now.empty() || now.front() <= first.back(); now = Listed()) Pause();
  }
  // The load goes on until every ledger is another one.
  void RollBelow(Load& load) {
    const auto first = Current();
    load.Begin();
    AwaitOthers(first);
    EXPECT_FALSE(load.failed());
    const auto error = load.End();
    EXPECT_FALSE(error) << error->ToString();
    EXPECT_GT(load.meter().Take().entries, 0);
    EXPECT_EQ(Listed(), Current());
    EXPECT_TRUE(ledgers_.Close());
  }

  std::unique_ptr<testing::LocalCluster> cluster_;
  std::unique_ptr<client::Client> watcher_;
  BenchOptions options_;
  BenchLedgers ledgers_;
  FirstError error_;
};

TEST_F(LedgerRollerTest, ReplacesEachLedgerAndDeletesIt) {
  AddClient(2);
  const auto first = Current();
  LedgerRoller roller(options_, error_);
  roller.Begin({&writing()});
  while (roller.rolled() < 4) {
    roller.Exchange(writing());
    for (const auto& ledger : writing().ledgers) {
      const auto appended = ledger->Append("to whichever is there");
      ASSERT_TRUE(appended.ok()) << appended.error().ToString();
    }
  }
  roller.End();
  EXPECT_FALSE(error_.any());
  EXPECT_EQ(Listed(), Current());
  EXPECT_GT(Current().front(), first.back());
}

TEST_F(LedgerRollerTest, WithoutATimeLeavesTheLedgers) {
  options_.roll_seconds = 0;
  AddClient(1);
  const auto first = Current();
  LedgerRoller roller(options_, error_);
  roller.Begin({&writing()});
  roller.Exchange(writing());
  roller.End();
  EXPECT_EQ(Current(), first);
}

TEST_F(LedgerRollerTest, AtTheEndRemovesTheLedgerThatNobodyTook) {
  AddClient(1);
  const auto first = Current();
  LedgerRoller roller(options_, error_);
  roller.Begin({&writing()});
  while (Listed().size() == 1) Pause();  // the new one is there
  roller.End();
  EXPECT_EQ(roller.rolled(), 0);
  EXPECT_FALSE(error_.any());
  EXPECT_EQ(Listed(), first);
  EXPECT_TRUE(writing().ledgers.front()->Append("goes on").ok());
}

TEST_F(LedgerRollerTest, TellsOfALedgerThatCannotBeClosed) {
  AddClient(1);
  ASSERT_TRUE(writing().ledgers.front()->Append("one").ok());
  ASSERT_TRUE(watcher_->SealLedger(Current().front()));
  ASSERT_FALSE(writing().ledgers.front()->Append("two").ok());
  LedgerRoller roller(options_, error_);
  roller.Begin({&writing()});
  while (!error_.any()) {
    roller.Exchange(writing());
    Pause();
  }
  roller.End();
  EXPECT_EQ(roller.rolled(), 0);
}

TEST_F(LedgerRollerTest, AClosedLoopLosesNoAppend) {
  AddClient(2);
  AddClient(1);
  RollBelow(*MakeAppendLoad(ledgers_, options_, false));
}

TEST_F(LedgerRollerTest, AClosedLoopWithAnIdleClientRollsTheOthers) {
  options_.window = 1;
  AddClient(1);
  AddClient(1);
  const auto first = Current();
  const auto load = MakeAppendLoad(ledgers_, options_, false);
  load->Begin();
  for (auto now = Listed(); now.back() <= first.back() + 3; now = Listed()) Pause();
  EXPECT_FALSE(load->End());
}

TEST_F(LedgerRollerTest, AnOpenLoopLosesNoAppend) {
  options_.rate = 2000;
  AddClient(2);
  AddClient(1);
  RollBelow(*MakeAppendLoad(ledgers_, options_, false));
}

}  // namespace
}  // namespace quire::tools
