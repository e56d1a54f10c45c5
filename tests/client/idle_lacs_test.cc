#include "client/idle_lacs.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "manual_loop.h"

namespace quire::client {
namespace {

using std::chrono::milliseconds;
using Turn = IdleLacs::Source::Turn;

constexpr milliseconds kIdle(5);

class Writers : public ::testing::Test {
 protected:
  struct Source final : IdleLacs::Source {
    Source(Writers& all, Turn answer) : all(all), answer(answer) {}
    Turn TellLac() override {
      ++asked;
      all.told += answer == Turn::kTold ? 1 : 0;
      return answer;
    }
    Writers& all;
    Turn answer;
    int asked = 0;
  };

  std::shared_ptr<Source> Wait(Turn answer) {
    auto source = std::make_shared<Source>(*this, answer);
    lacs.Wait(source);
    return source;
  }

  ManualLoop loop;
  std::size_t told = 0;
  IdleLacs lacs{loop, kIdle};
};

using IdleLacsTest = Writers;

TEST_F(IdleLacsTest, ATurnComesAfterTheIdleTimeAndOnce) {
  const auto source = Wait(Turn::kTold);
  loop.RunFor(kIdle - milliseconds(1));
  EXPECT_EQ(source->asked, 0);
  loop.RunFor(milliseconds(1));
  EXPECT_EQ(source->asked, 1);
  loop.RunFor(100 * kIdle);
  EXPECT_EQ(source->asked, 1);
  EXPECT_EQ(loop.timers(), 0u);
}

TEST_F(IdleLacsTest, WhoHadAppendsWaitsTheIdleTimeAgain) {
  const auto source = Wait(Turn::kLater);
  loop.RunFor(kIdle);
  EXPECT_EQ(source->asked, 1);
  source->answer = Turn::kTold;
  loop.RunFor(kIdle - milliseconds(1));
  EXPECT_EQ(source->asked, 1);
  loop.RunFor(milliseconds(1));
  EXPECT_EQ(source->asked, 2);
}

TEST_F(IdleLacsTest, ManyTellABoundedNumberATurnAndAllInTheEnd) {
  for (std::size_t i = 0; i < 5 * IdleLacs::kTellAtOnce; ++i) Wait(Turn::kTold);
  for (std::size_t turn = 1; turn <= 5; ++turn) {
    loop.RunFor(kIdle);
    EXPECT_EQ(told, turn * IdleLacs::kTellAtOnce);
  }
}

TEST_F(IdleLacsTest, ThoseWithNothingToTellTakeNobodysTurn) {
  for (std::size_t i = 0; i < 5 * IdleLacs::kTellAtOnce; ++i) Wait(Turn::kNothing);
  const auto last = Wait(Turn::kTold);
  loop.RunFor(kIdle);
  EXPECT_EQ(last->asked, 1);
}

TEST_F(IdleLacsTest, ATurnLooksAtABoundedNumberAndTheNextGoesOn) {
  std::vector<std::shared_ptr<Source>> sources;
  for (std::size_t i = 0; i < 2 * IdleLacs::kLookAtOnce; ++i) sources.push_back(Wait(Turn::kLater));
  loop.RunFor(kIdle);
  EXPECT_EQ(sources[IdleLacs::kLookAtOnce - 1]->asked, 1);
  EXPECT_EQ(sources[IdleLacs::kLookAtOnce]->asked, 0);
  loop.RunFor(kIdle);
  EXPECT_EQ(sources.front()->asked, 1);
  EXPECT_EQ(sources.back()->asked, 1);
}

TEST_F(IdleLacsTest, AnEndedClientLeavesNoTimer) {
  {
    IdleLacs ended(loop, kIdle);
    ended.Wait(std::make_shared<Source>(*this, Turn::kTold));
  }
  loop.RunFor(kIdle);
  EXPECT_EQ(told, 0u);
  EXPECT_EQ(loop.timers(), 0u);
}

}  // namespace
}  // namespace quire::client
