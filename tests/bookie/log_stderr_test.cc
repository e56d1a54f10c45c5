#include "bookie/log_stderr.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace quire::bookie {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// A log that writes to a pipe, of which the test has the other end.
class StderrLogTest : public ::testing::Test {
 protected:
  StderrLogTest() {
    std::signal(SIGPIPE, SIG_IGN);  // as the daemon does
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
  }
  ~StderrLogTest() override {
    log_.reset();
    ::close(ends_[0]);
    if (ends_[1] >= 0) ::close(ends_[1]);
  }

  void Open(LogLevel level, LogFormat format = LogFormat::kText) {
    log_.emplace(level, format, ends_[1]);
  }
  // All that was written, once the log has gone.
  std::vector<std::string> Lines() {
    log_.reset();
    return ReadToTheEnd();
  }
  std::vector<std::string> ReadToTheEnd() {
    ::close(ends_[1]);
    ends_[1] = -1;
    std::string text;
    char buffer[4096];
    for (ssize_t got = 1; got > 0;) {
      got = ::read(ends_[0], buffer, sizeof(buffer));
      if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    }
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  int ends_[2] = {-1, -1};
  std::optional<StderrLog> log_;
};

TEST_F(StderrLogTest, WritesLinesAtTheLevelAndAbove) {
  Open(LogLevel::kInfo);
  const Log log(log_->sink());
  log.Debug("too small");
  log.Info("a {} %v line");
  log.Error("worse");
  EXPECT_EQ(log_->level(), LogLevel::kInfo);
  log_->SetLevel(LogLevel::kWarning);
  EXPECT_EQ(log_->level(), LogLevel::kWarning);
  log.Info("not any more");
  log_->SetLevel(LogLevel::kDebug);
  log.Debug("now it is");
  ASSERT_TRUE(log_->Drain(seconds(60)));
  const LogStats stats = log_->stats();
  EXPECT_EQ(stats.errors, 1U);
  EXPECT_EQ(stats.warnings, 0U);
  EXPECT_EQ(stats.lost, 0U);
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], MatchesRegex("20..-..-..T..:..:......[+-]..:.. info a \\{\\} %v line"));
  EXPECT_THAT(lines[1], HasSubstr(" error worse"));
  EXPECT_THAT(lines[2], HasSubstr(" debug now it is"));
  log.Error("into nothing: the log has gone");
}

TEST_F(StderrLogTest, JsonLinesAreJsonWhateverIsInThem) {
  Open(LogLevel::kInfo, LogFormat::kJson);
  const Log log(log_->sink());
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  log.Warning("a \"quoted\" \\ line\nand another\x01, größe, %v {}");
  log.Info(every);
  log.Info("");
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 3U);
  const auto first = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(first["message"], "a \"quoted\" \\ line\nand another\x01, größe, %v {}");
  EXPECT_EQ(first["level"], "warning");
  EXPECT_THAT(first["time"].get<std::string>(), MatchesRegex("20..-..-..T..:..:......[+-]..:.."));
  EXPECT_EQ(nlohmann::json::parse(lines[1])["message"].get<std::string>().substr(0, 128),
            every.substr(0, 128));
  EXPECT_EQ(nlohmann::json::parse(lines[2])["message"], "");
}

// Whoever logs goes on when nobody reads; what was lost is counted, and said when there is a reader
// again.
TEST_F(StderrLogTest, APipeThatIsStuckLosesTheOldestLinesAndStopsNobody) {
  Open(LogLevel::kInfo);
  const Log log(log_->sink());
  ASSERT_GT(::fcntl(ends_[1], F_SETPIPE_SZ, 4096), 0);
  constexpr int kLines = 10'000;
  for (int i = 0; i < kLines; ++i) log.Info("line " + std::to_string(i));  // never waits
  EXPECT_FALSE(log_->Drain(std::chrono::milliseconds(0)));
  const std::uint64_t lost = log_->stats().lost;
  EXPECT_GT(lost, 0U);
  EXPECT_LT(lost, std::uint64_t{kLines});
  auto reader = std::async(std::launch::async, [this] { return ReadToTheEnd(); });
  EXPECT_TRUE(log_->Drain(seconds(60)));
  log_.reset();
  const auto lines = reader.get();
  std::uint64_t written = 0;
  std::uint64_t missing = 0;
  for (const std::string& line : lines) {
    const auto told = line.find(" warning ");
    told == std::string::npos ? ++written : missing += std::stoul(line.substr(told + 9));
  }
  EXPECT_EQ(written + lost, std::uint64_t{kLines});
  EXPECT_EQ(missing, lost) << "each hole is told where it is";
  EXPECT_THAT(lines.back(), HasSubstr(" info line 9999"));
}

TEST_F(StderrLogTest, AReaderThatHasGoneCostsTheLinesAndNothingElse) {
  Open(LogLevel::kInfo);
  ::close(ends_[0]);
  ends_[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const Log log(log_->sink());
  log.Info("to nobody");
  EXPECT_TRUE(log_->Drain(seconds(60)));
  EXPECT_EQ(log_->stats().lost, 1U);
}

TEST_F(StderrLogTest, TheEndDoesNotWaitForAReaderForEver) {
  Open(LogLevel::kInfo);
  ASSERT_GT(::fcntl(ends_[1], F_SETPIPE_SZ, 4096), 0);
  const Log log(log_->sink());
  for (int i = 0; i < 300; ++i) log.Info("line " + std::to_string(i));
  log_.reset();  // returns
  log.Info("into nothing");
}

}  // namespace
}  // namespace quire::bookie
