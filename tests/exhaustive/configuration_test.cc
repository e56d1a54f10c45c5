#include "tests/exhaustive/configuration.h"

#include <gtest/gtest.h>

namespace quire::exhaustive {
namespace {

TEST(ConfigurationTest, ANameSaysTheShape) {
  const Configuration plain = NamedConfiguration("3/2/2");
  EXPECT_EQ(plain.replication, (protocol::Replication{3, 2, 2}));
  EXPECT_EQ(plain.bookies(), 3);
  const Configuration spare = NamedConfiguration("2/2/1+1");
  EXPECT_EQ(spare.replication, (protocol::Replication{2, 2, 1}));
  EXPECT_EQ(spare.bookies(), 3);
}

TEST(ConfigurationTest, EveryNameIsALegalLedgerOnFewEnoughBookies) {
  ASSERT_EQ(ConfigurationNames().size(), 6U);
  for (const auto& name : ConfigurationNames()) {
    const Configuration configuration = NamedConfiguration(name);
    EXPECT_EQ(configuration.name, name);
    EXPECT_TRUE(configuration.replication.Check().has_value()) << name;
    EXPECT_LE(configuration.bookies(), kMaxBookies) << name;
  }
}

TEST(ConfigurationTest, ItsTextSaysWhatIsExplored) {
  Configuration configuration = NamedConfiguration("3/3/2");
  EXPECT_EQ(configuration.ToString(), "3/3/2, 2 entries, 2 recoverers");
  configuration.budgets = {.timeouts = 1, .crashes = 2};
  configuration.window = 2;
  EXPECT_EQ(configuration.ToString(),
            "3/3/2, 2 entries, 2 recoverers, window 2, 1 timeout, 2 crashes");
}

TEST(ConfigurationDeathTest, AnUnknownNameIsRefused) {
  EXPECT_DEATH(NamedConfiguration("9/9/9"), "names");
}

}  // namespace
}  // namespace quire::exhaustive
