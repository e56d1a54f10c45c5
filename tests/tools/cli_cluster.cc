#include "tests/tools/cli_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <sstream>

#include "common/check.h"

namespace quire::testing {
namespace {

std::string Field(const std::string& line, const std::string& name) {
  const auto at = line.find(name + "=");
  QUIRE_CHECK(at != std::string::npos);
  const auto begin = at + name.size() + 1;
  return line.substr(begin, line.find(' ', begin) - begin);
}

}  // namespace

std::vector<std::string> Quire(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), QUIRE_BINARY);
  return arguments;
}

CliCluster::CliCluster(int bookies, std::string directory) {
  if (directory.empty()) directory = scratch_.path() + "/cluster";
  process_ = std::make_unique<Process>(
      Quire({"cluster", "up", "--bookies", std::to_string(bookies), "--dir", directory}));
  const bool ready = process_->Await([this] { return process_->out().ends_with("ready\n"); },
                                     std::chrono::seconds(90));
  if (!ready) ADD_FAILURE() << process_->out() << process_->err();
  std::istringstream lines(process_->out());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("metadata: ")) uri_ = line.substr(10);
    if (!line.starts_with("bookie: ")) continue;
    bookies_.push_back({.id = Field(line, "id"),
                        .address = Field(line, "address"),
                        .pid = std::stoi(Field(line, "pid"))});
  }
}

CliCluster::~CliCluster() {
  process_->Signal(SIGTERM);
  process_->Wait();  // then nobody writes to the directory any more
}

const CliCluster::Bookie& CliCluster::BookieOf(const std::string& id) const {
  const auto found = std::ranges::find(bookies_, id, &Bookie::id);
  QUIRE_CHECK(found != bookies_.end());
  return *found;
}

void CliCluster::KillBookie(const std::string& id) const {
  ::kill(BookieOf(id).pid, SIGKILL);
}

std::vector<std::string> CliCluster::Command(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"--metadata", uri_});
  return Quire(std::move(arguments));
}

CliCluster::Answer CliCluster::Run(std::vector<std::string> arguments,
                                   const std::string& input) const {
  Process process(Command(std::move(arguments)), {.bytes = input, .keep_open = false});
  const int status = process.Wait();
  return {.status = status, .out = process.out(), .err = process.err()};
}

std::string CliCluster::Write(const std::string& input, std::vector<std::string> flags) const {
  flags.insert(flags.begin(), {"ledger", "write"});
  const Answer answer = Run(std::move(flags), input);
  EXPECT_EQ(answer.status, 0) << answer.err;
  return answer.out.substr(0, answer.out.find('\n'));
}

nlohmann::json CliCluster::Info(const std::string& ledger) const {
  const Answer answer = Run({"ledger", "info", ledger});
  EXPECT_EQ(answer.status, 0) << answer.err;
  return nlohmann::json::parse(answer.out, nullptr, false);
}

CliCluster& SharedCluster() {
  static const auto cluster = std::make_unique<CliCluster>(5);
  return *cluster;
}

std::string BinaryNoise(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::vector<std::string> AckLines(const std::string& out) {
  std::vector<std::string> acks;
  std::istringstream lines(out);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) acks.push_back(line);
  return acks;
}

bool IsOneLine(const std::string& text) {
  return text.size() > 1 && text.size() < 500 && text.find('\n') == text.size() - 1;
}

}  // namespace quire::testing
