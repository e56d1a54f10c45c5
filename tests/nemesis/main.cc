// One client process of the nemesis test. SIGTERM ends it in good order; SIGKILL is part of the
// test.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/nemesis/final_roles.h"
#include "tests/nemesis/recoverer_role.h"
#include "tests/nemesis/tailer_role.h"
#include "tests/nemesis/writer_role.h"

namespace {

using quire::nemesis::Stage;

constexpr std::chrono::seconds kConnectPatience(120);

struct Options {
  std::string role;
  std::string metadata;
  std::filesystem::path directory;
  std::string name;
  std::uint64_t seed = 1;
  quire::nemesis::WriterPace pace;
  std::int64_t after = -1;
  std::int64_t last = -1;
  std::int64_t patience_s = 90;
};

int Play(const Options& options, Stage& stage) {
  if (options.role == "writer") {
    quire::nemesis::WriterRole(stage, options.pace).Run();
  } else if (options.role == "recoverer") {
    quire::nemesis::RecovererRole(stage).Run();
  } else if (options.role == "tailer") {
    quire::nemesis::TailerRole(stage).Run();
  } else {
    quire::nemesis::FinalRoles roles(stage, quire::protocol::LedgerId(options.after),
                                     std::chrono::seconds(options.patience_s));
    if (options.role == "seal-all") return roles.SealAll() ? 0 : 1;
    if (options.role == "audit-all") return roles.AuditAll() ? 0 : 1;
    if (options.role == "delete") {
      return roles.DeleteUpTo(quire::protocol::LedgerId(options.last)) ? 0 : 1;
    }
    return roles.ReadAll(options.directory / "final" / options.name) ? 0 : 1;
  }
  return 0;
}

std::unique_ptr<quire::client::Client> Connect(const Options& options,
                                               quire::nemesis::History& history,
                                               quire::tools::StopSignals& stop) {
  const auto give_up = std::chrono::steady_clock::now() + kConnectPatience;
  while (true) {
    auto client = quire::client::Client::Connect(options.metadata);
    if (client) return *std::move(client);
    history.WriteError("connect-failed", nlohmann::json::object(), client.error());
    if (stop.Wait(std::chrono::milliseconds(500)) || std::chrono::steady_clock::now() > give_up) {
      return nullptr;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"A client of the nemesis test: writes its history to DIR/history/NAME.jsonl"};
  app.add_option("role", options.role)
      ->required()
      ->check(CLI::IsMember(
          {"writer", "recoverer", "tailer", "seal-all", "read-all", "audit-all", "delete"}));
  app.add_option("--metadata", options.metadata, "zk://...")->required();
  app.add_option("--dir", options.directory, "shared by the clients of an epoch")->required();
  app.add_option("--name", options.name, "of this process; small letters, digits, dots")
      ->required();
  app.add_option("--seed", options.seed);
  app.add_option("--rate", options.pace.rate, "appends a second of a writer")
      ->check(CLI::Range(1, 100000));
  app.add_option("--window", options.pace.window)->check(CLI::Range(1, 100000));
  app.add_option("--ledger-ms", options.pace.max_ms)->check(CLI::Range(1, 1000000));
  app.add_option("--after", options.after, "the ledgers above this id are meant");
  app.add_option("--last", options.last, "delete up to this ledger");
  app.add_option("--patience", options.patience_s, "seconds in which seals and reads must succeed");
  CLI11_PARSE(app, argc, argv);

  quire::tools::StopSignals stop;
  std::filesystem::create_directories(options.directory / "history");
  quire::nemesis::History history(
      (options.directory / "history" / (options.name + ".jsonl")).string());
  const quire::nemesis::Board board(options.directory / "ledgers");
  const auto client = Connect(options, history, stop);
  if (!client) return stop.Wait(std::chrono::milliseconds(0)) ? 0 : 1;
  quire::common::Random random(options.seed);
  Stage stage{.client = *client,
              .history = history,
              .board = board,
              .stop = stop,
              .random = random,
              .name = options.name};
  const int status = Play(options, stage);
  history.Write("end", {{"status", status}});
  return status;
}
