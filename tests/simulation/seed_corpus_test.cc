#include "tests/simulation/seed_corpus.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace quire::simulation {
namespace {

TEST(SeedCorpusTest, ReadsSeedsAndSkipsComments) {
  std::istringstream in(
      "# comment\n\n  7 swarm  T-01: lost an entry\n18446744073709551615 focused x\n");
  const auto seeds = ReadCorpus(in);
  ASSERT_TRUE(seeds);
  EXPECT_EQ(*seeds, (std::vector<CorpusSeed>{{7, "swarm", "T-01: lost an entry"},
                                             {18446744073709551615U, "focused", "x"}}));
}

TEST(SeedCorpusTest, NamesALineThatIsNoSeed) {
  for (const auto* text : {"x swarm y", "7 swarm", "7", "18446744073709551616 swarm y", "7x a b"}) {
    std::istringstream in(std::string("# first\n") + text + "\n");
    const auto seeds = ReadCorpus(in);
    ASSERT_FALSE(seeds) << text;
    EXPECT_NE(seeds.error().context().find("line 2"), std::string::npos);
  }
}

TEST(SeedCorpusTest, TheCorpusOfTheProjectIsWellFormed) {
  std::ifstream in(QUIRE_CORPUS);
  ASSERT_TRUE(in);
  const auto seeds = ReadCorpus(in);
  EXPECT_TRUE(seeds) << (seeds ? "" : seeds.error().ToString());
}

}  // namespace
}  // namespace quire::simulation
