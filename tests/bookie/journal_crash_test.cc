#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "common/random.h"
#include "tests/bookie/journal_harness.h"

namespace quire::bookie {
namespace {

using common::Below;
using common::Random;

// Random work, random crashes, and after each the question whether the journal kept its word: what
// it said was durable is there, in order, without gaps, and nothing else than what was appended
// (G14).
class CrashFuzz {
 public:
  explicit CrashFuzz(std::uint64_t seed) : random_(seed) {
    h_.options.file_bytes = 4096 * (1 + Below(random_, 8));
    h_.options.spare_files = static_cast<int>(Below(random_, 4));
  }

  void Run() {
    for (int life = 0; life < 6 && !::testing::Test::HasFailure(); ++life) {
      if (Below(random_, 3) == 0) h_.disk.PowerOffAfter(Below(random_, 60));
      if (Restart()) Work();
      h_.Stop();
      if (h_.disk.powered() && Below(random_, 4) == 0) {
        h_.disk.Kill();
      } else {
        h_.disk.Crash(random_);
      }
    }
    h_.Stop();
    h_.disk.Crash(random_);
    EXPECT_TRUE(Restart());
  }

 private:
  // False when the power went during Open.
  bool Restart() {
    const auto opened = h_.Open(stored_);
    if (!opened) {
      EXPECT_FALSE(h_.disk.powered()) << opened.error().ToString();
      return false;
    }
    Check();
    acked_ = h_.journal->last();
    return true;
  }

  void Check() {
    const Lsn last = h_.journal->last();
    EXPECT_GE(last, acked_);
    EXPECT_LE(last, appended_.size());
    ASSERT_EQ(h_.replayed.size(), last - stored_);
    for (std::size_t i = 0; i < h_.replayed.size(); ++i) {
      ASSERT_EQ(h_.replayed[i].lsn, stored_ + i + 1);
      ASSERT_EQ(h_.replayed[i].payload, appended_[stored_ + i]);
    }
    appended_.resize(last);  // the rest was lost, its numbers are given again
  }

  void Work() {
    const std::uint64_t steps = Below(random_, 120);
    for (std::uint64_t step = 0; step < steps; ++step) {
      switch (Below(random_, 8)) {
        case 0:
        case 1:
        case 2: Append(); break;
        case 3: h_.journal->Kick(); break;
        case 4:
        case 5: h_.worker.RunOne(); break;
        case 6:
          h_.loop.RunOne();
          acked_ = std::max(acked_, h_.journal->durable());
          break;
        default:
          // The index was committed up to there: it outlives a crash.
          if (Below(random_, 4) == 0) {
            stored_ += Below(random_, acked_ - stored_ + 1);
            h_.journal->Trim(stored_);
          }
      }
    }
    if (h_.disk.powered()) EXPECT_TRUE(h_.failures.empty());
  }

  void Append() {
    std::string payload = std::to_string(random_());
    payload.append(Below(random_, 4) == 0 ? Below(random_, 20'000) : Below(random_, 50), 'p');
    appended_.push_back(payload);
    ASSERT_EQ(h_.Append(payload), appended_.size());
  }

  Random random_;
  JournalHarness h_;
  std::vector<std::string> appended_;  // by LSN - 1
  Lsn stored_ = 0;
  Lsn acked_ = 0;
};

TEST(JournalCrashTest, KeepsItsWordInThousandsOfRandomHistories) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CrashFuzz(seed).Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
}

// G06, G14: the same history with the power cut at each of its writes, syncs and renames in turn,
// and what is left of them by many chances.
TEST(JournalCrashTest, LosesNothingWhereverThePowerIsCut) {
  for (std::uint64_t cut = 0;; ++cut) {
    bool reached = false;
    for (std::uint64_t chance = 0; chance < 8; ++chance) {
      Random random(cut * 8 + chance);
      JournalHarness h;
      h.options.file_bytes = 16 << 10;
      h.disk.PowerOffAfter(cut);
      Lsn acked = 0;
      Lsn stored = 0;
      if (h.Open()) {
        for (std::size_t i = 0; i < 30; ++i) {
          h.Append("one " + std::to_string(i));
          h.Append("two " + std::string(300UL * i, '2'));
          h.Settle();
          acked = h.journal->durable();
          if (i == 17) {
            stored = acked;
            h.journal->Trim(stored);
          }
        }
      }
      reached = !h.disk.powered();
      h.Stop();
      h.disk.Crash(random);
      ASSERT_TRUE(h.Open(stored)) << "cut " << cut << " chance " << chance;
      ASSERT_GE(h.journal->last(), acked) << "cut " << cut << " chance " << chance;
      ASSERT_EQ(h.replayed.size(), h.journal->last() - stored);
      ASSERT_EQ(h.Commit("more"), h.journal->last());
      ASSERT_EQ(h.journal->durable(), h.journal->last());
    }
    if (!reached) {
      EXPECT_GT(cut, 50U);
      return;
    }
  }
}

}  // namespace
}  // namespace quire::bookie
