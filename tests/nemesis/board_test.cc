#include "tests/nemesis/board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace quire::nemesis {
namespace {

TEST(Board, ListsWhatWasAnnouncedInTheOrderOfTheIds) {
  const auto directory =
      std::filesystem::path(::testing::TempDir()) / ("board-" + std::to_string(::getpid()));
  const Board board(directory);
  EXPECT_TRUE(board.List().empty());
  for (const int id : {10, 9, 100}) board.Announce(protocol::LedgerId(id));
  EXPECT_THAT(Board(directory).List(),
              ::testing::ElementsAre(protocol::LedgerId(9), protocol::LedgerId(10),
                                     protocol::LedgerId(100)));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace quire::nemesis
