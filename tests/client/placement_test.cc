#include "client/placement.h"

#include <set>

#include "client_fixture.h"

namespace quire::client {
namespace {

class PlacementTest : public ClientFixture {
 protected:
  std::set<std::string> Daemons(const metadata::Ensemble& ensemble) const {
    std::set<std::string> daemons;
    for (const auto& bookie : ensemble) daemons.insert(directory.AddressOf(bookie));
    return daemons;
  }
};

TEST_F(PlacementTest, NeverTakesTwoBookiesOfOneDaemon) {
  for (int i = 0; i < 9; ++i) Register(i, "d" + std::to_string(i % 3) + ":1", true);
  StartDirectory();
  for (int i = 0; i < 50; ++i) {
    const auto ensemble = placement.Pick(3);
    ASSERT_TRUE(ensemble);
    EXPECT_EQ(Daemons(*ensemble).size(), 3u);
  }
  EXPECT_FALSE(placement.Pick(4));
}

// A02, A03
TEST_F(PlacementTest, SaysHowManyBookiesThereAreWhenTheyAreTooFew) {
  Register(0, "d0:1", true);
  Register(1, "d1:1", false);
  Register(2, "d2:1", true);
  StartDirectory();
  const auto ensemble = placement.Pick(3);
  ASSERT_FALSE(ensemble);
  EXPECT_EQ(ensemble.error().code(), Errc::kNotEnoughBookies);
  EXPECT_NE(ensemble.error().context().find("only 2"), std::string::npos);
}

TEST_F(PlacementTest, AvoidsABookieThatFailedAMomentAgoAndForgetsItLater) {
  Register(4);
  placement.NoteFailure(B(2));
  for (int i = 0; i < 30; ++i) {
    const auto ensemble = placement.Pick(3);
    EXPECT_EQ(std::ranges::count(*ensemble, B(2)), 0);
  }
  loop.RunFor(seconds(11));
  bool again = false;
  for (int i = 0; i < 30; ++i) again |= std::ranges::count(*placement.Pick(3), B(2)) > 0;
  EXPECT_TRUE(again);
}

TEST_F(PlacementTest, FallsBackToOneThatFailedWhenNobodyElseIsLeft) {
  Register(3);
  placement.NoteFailure(B(1));
  EXPECT_EQ(placement.Pick(3)->size(), 3u);
  EXPECT_EQ(placement.Replace({B(0), B(2)}), std::nullopt);  // it would only fail again
  loop.RunFor(seconds(1));
  EXPECT_EQ(placement.Replace({B(0), B(2)}), B(1));
}

TEST_F(PlacementTest, ReplacesByABookieOfAnotherDaemon) {
  Register(0, "d0:1", true);
  Register(1, "d1:1", true);
  Register(2, "d1:1", true);
  Register(3, "d3:1", false);
  StartDirectory();
  EXPECT_EQ(placement.Replace({B(0), B(1)}), std::nullopt);
  const auto other = placement.Replace({B(0)});
  EXPECT_TRUE(other == B(1) || other == B(2));
}

// B0's directory was lost; the daemon came back at its address with another bookie, the only spare.
TEST_F(PlacementTest, ReplacesByABookieAtTheAddressOfOneThatIsGone) {
  Register(3);
  EXPECT_EQ(placement.Replace({B(0), B(1), B(2)}), std::nullopt);
  const metadata::BookieInfo gone{B(0), "d0:1", true};
  store.Delete(RegistrationPath(gone), {}, [](auto deleted) { EXPECT_TRUE(deleted); });
  Register(9, "d0:1", true);
  loop.Run();
  EXPECT_EQ(placement.Replace({B(0), B(1), B(2)}), B(9));
}

TEST_F(PlacementTest, SpreadsLedgersAndIsTheSameForTheSameSeed) {
  Register(10);
  common::Random one(5);
  common::Random two(5);
  Placement first(loop, directory, one);
  Placement second(loop, directory, two);
  std::set<protocol::BookieId> used;
  for (int i = 0; i < 40; ++i) {
    const auto ensemble = first.Pick(3);
    EXPECT_EQ(*ensemble, *second.Pick(3));
    used.insert(ensemble->begin(), ensemble->end());
  }
  EXPECT_EQ(used.size(), 10u);
}

}  // namespace
}  // namespace quire::client
