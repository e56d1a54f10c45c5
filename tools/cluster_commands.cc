#include "tools/cluster_commands.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/cluster_admin.h"
#include "tools/console.h"
#include "tools/dev_cluster.h"
#include "tools/standard_output.h"

namespace quire::tools {

using common::Errc;

namespace {

constexpr std::size_t kLedgersPerPage = 1000;
constexpr std::int64_t kMostLedgersCounted = 100'000;

int Init(const Session& session) {
  auto uri = session.MetadataUri();
  if (!uri) return Failed("cluster init", uri.error());
  auto made = InitClusterAt(*uri);
  if (!made && made.error().code() == Errc::kNodeExists) {
    return Failed(kExitFailed,
                  "cluster init: there is a cluster at " + *uri + " already; nothing was changed");
  }
  if (!made) return Failed("cluster init", made.error());
  const std::string id = protocol::ToHex(*made);
  return Print(session.json() ? nlohmann::json{{"instance", id}}.dump() + "\n"
                              : "new cluster " + id + " at " + *uri + "\n");
}

struct LedgerCount {
  std::map<std::string, std::int64_t> by_state;
  std::int64_t total = 0;
  bool all = true;  // false: there are more than were counted
};

common::Result<LedgerCount> CountLedgers(client::Client& client) {
  LedgerCount count;
  protocol::LedgerId after(-1);
  for (;;) {
    auto page = client.ListLedgers(after, kLedgersPerPage);
    if (!page) return common::Fail(std::move(page).error());
    if (page->empty()) return count;
    for (const auto& ledger : *page) ++count.by_state[std::string(StateName(ledger.state))];
    count.total += static_cast<std::int64_t>(page->size());
    after = page->back().id;
    if (count.total >= kMostLedgersCounted) {
      count.all = false;
      return count;
    }
  }
}

struct BookieCount {
  int writable = 0;
  int read_only = 0;
  std::vector<std::string> silent;  // addresses that do not answer
};

BookieCount CountBookies(client::Client& client, const std::vector<metadata::BookieInfo>& bookies) {
  BookieCount count;
  std::map<std::string, bool> answers;  // by address: one daemon may hold several bookies
  for (const auto& bookie : bookies) {
    ++(bookie.writable ? count.writable : count.read_only);
    if (answers.contains(bookie.address)) continue;
    answers[bookie.address] = client.BookieStatus(bookie.address).has_value();
    if (!answers[bookie.address]) count.silent.push_back(bookie.address);
  }
  return count;
}

int Status(const Session& session) {
  auto client = session.Connect();
  if (!client) return Failed("cluster status", client.error());
  auto instance = InstanceAt(session.metadata);
  if (!instance) return Failed("cluster status", instance.error());
  auto bookies = (*client)->ListBookies();
  if (!bookies) return Failed("cluster status", bookies.error());
  const BookieCount count = CountBookies(**client, *bookies);
  auto ledgers = CountLedgers(**client);
  if (!ledgers) return Failed("cluster status", ledgers.error());

  if (session.json()) {
    return Print(nlohmann::json{{"instance", protocol::ToHex(*instance)},
                                {"metadata", session.metadata},
                                {"bookies",
                                 {{"writable", count.writable},
                                  {"read_only", count.read_only},
                                  {"unreachable", count.silent}}},
                                {"ledgers",
                                 {{"total", ledgers->total},
                                  {"complete", ledgers->all},
                                  {"by_state", ledgers->by_state}}}}
                     .dump(2) +
                 "\n");
  }
  std::string text = "cluster   " + protocol::ToHex(*instance) + " at " + session.metadata + "\n";
  text += "bookies   " + std::to_string(count.writable) + " writable, " +
          std::to_string(count.read_only) + " read-only\n";
  for (const auto& address : count.silent) text += "          does not answer: " + address + "\n";
  text += "ledgers   " + HumanCount(ledgers->total) + (ledgers->all ? "" : " or more");
  const char* separator = ": ";
  for (const auto& [state, number] : ledgers->by_state) {
    text += separator + HumanCount(number) + " " + state;
    separator = ", ";
  }
  return Print(text + "\n");
}

int Up(const DevCluster::Options& options) {
  StopSignals signals;
  auto cluster = DevCluster::Start(options, signals);
  if (!cluster) return Failed("cluster up", cluster.error());
  const DevCluster& up = **cluster;
  std::string text = "metadata: " + up.uri() + "\n";
  for (const auto& bookie : up.bookies()) {
    text += "bookie: id=" + bookie.id + " address=" + bookie.address +
            " directory=" + bookie.directory + " pid=" + std::to_string(bookie.process.pid()) +
            "\n";
  }
  StandardOutput out;
  out.Write(text + "ready\n");
  while (!signals.Wait(std::chrono::milliseconds(200))) {
    for (const std::string& line : (*cluster)->TakeDeaths()) {
      Say(line + "; the others go on");
    }
  }
  Say("stopping the cluster");
  return out.ExitStatus();
}

}  // namespace

void AddClusterCommands(CLI::App& app, Session& session) {
  CLI::App* cluster = app.add_subcommand("cluster", "Make, look at and try out a cluster");
  cluster->require_subcommand(1)->fallthrough();

  CLI::App* init =
      cluster->add_subcommand("init",
                              "Make a new cluster: its root in ZooKeeper and its instance id.\n"
                              "Example: quire --metadata zk://127.0.0.1:2181/quire cluster init");
  init->callback([&session] { session.command = [&session] { return Init(session); }; });

  CLI::App* status = cluster->add_subcommand(
      "status", "Show the instance, the bookies and how many ledgers there are");
  status->callback([&session] { session.command = [&session] { return Status(session); }; });

  CLI::App* up = cluster->add_subcommand(
      "up",
      "Run a development cluster in the foreground: a real ZooKeeper and N bookies on\n"
      "127.0.0.1. Prints its URI and its bookies, then 'ready'; Ctrl-C ends it. The directory\n"
      "can be used again. Needs Debian's package zookeeper.\n"
      "Example: quire cluster up --bookies 5 --dir /var/tmp/quire");
  auto options = std::make_shared<DevCluster::Options>();
  up->add_option("--bookies", options->bookies, "How many bookies")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  up->add_option("--dir", options->directory, "Where data and logs go")->required();
  up->callback([&session, options] { session.command = [options] { return Up(*options); }; });
}

}  // namespace quire::tools
