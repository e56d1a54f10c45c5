#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/scale/scale_run.h"

namespace quire::scale {
namespace {

// H16 in small: whatever a bookie with very many ledgers knew before a clean stop it knows after
// it, without a journal to replay, and what it tells of itself does not grow with their number. How
// fast, and with how much memory: scale_benchmark.
TEST(ScaleTest, ABookieWithManyLedgersStopsAndStarts) {
  ScaleRun run({.filling = {.ledgers = 20'000, .entries = 3},
                .directory = {},
                .flags = {"--min-free-mb", "1", "--cache-mb", "1", "--journal-file-mb", "4"}});
  run.Fill();
  EXPECT_EQ(run.Check(200), 0);
  std::string before;
  run.Get("/status", before);
  EXPECT_NE(before.find("\"ledgers\":20000"), std::string::npos) << before;

  run.Stop();
  run.Start();
  EXPECT_EQ(run.Check(500), 0);
  const std::string log = run.log();
  EXPECT_NE(log.find(" 0 replayed from the journal"), std::string::npos) << log;
  EXPECT_NE(log.find(" 20000 ledgers"), std::string::npos) << log;
  std::string after;
  run.Get("/status", after);
  EXPECT_NE(after.find("\"ledgers\":20000"), std::string::npos) << after;
  EXPECT_LT(after.size(), 10'000U);
  run.Get("/metrics", after);
  EXPECT_LT(after.size(), 100'000U);
}

}  // namespace
}  // namespace quire::scale
