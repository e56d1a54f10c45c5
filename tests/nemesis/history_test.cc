#include "tests/nemesis/history.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace quire::nemesis {
namespace {

TEST(History, KeepsWholeLinesOfManyThreadsWithRisingTimes) {
  const std::string path = ::testing::TempDir() + "/history-" + std::to_string(::getpid());
  {
    History history(path);
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&history, thread] {
        for (int i = 0; i < 100; ++i) history.Write("ok", {{"n", thread}});
      });
    }
  }
  std::ifstream file(path);
  std::int64_t before = 0;
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["e"], "ok");
    EXPECT_GE(json["t"].get<std::int64_t>(), before);
    before = json["t"];
  }
  EXPECT_EQ(lines, 300);
  std::filesystem::remove(path);
}

TEST(History, SaysWhatWentWrong) {
  const std::string path = ::testing::TempDir() + "/history-error-" + std::to_string(::getpid());
  {
    History history(path);
    history.WriteError("unknown", {{"l", 3}}, common::Error(common::Errc::kFenced, "ledger 3"));
  }
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file);
  EXPECT_EQ(json["l"], 3);
  EXPECT_TRUE(json["error"].get<std::string>().starts_with("ledger 3"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace quire::nemesis
