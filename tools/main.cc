#include <malloc.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <string>

#include "tools/bench_commands.h"
#include "tools/bookie_commands.h"
#include "tools/cluster_commands.h"
#include "tools/console.h"
#include "tools/disk_commands.h"
#include "tools/ledger_commands.h"
#include "tools/session.h"

namespace quire::tools {
namespace {

// Each level of the help repeats what every command understands.
void AddFooter(CLI::App& app) {
  app.footer(std::string("\n") + kExitCodeHelp);
  for (CLI::App* child : app.get_subcommands({})) AddFooter(*child);
}

// One line instead of CLI11's several.
int UsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* deepest = &app;
  std::string command = "quire";
  for (auto chosen = deepest->get_subcommands(); !chosen.empty();
       chosen = deepest->get_subcommands()) {
    deepest = chosen.front();
    command += " " + deepest->get_name();
  }
  std::string what = error.what();
  const auto rest = app.remaining(true);
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) && !rest.empty() &&
      !rest.front().starts_with("-")) {
    what = "there is no command '" + rest.front() + "'";
  }
  for (char& c : what) {
    if (c == '\n') c = ' ';
  }
  return Failed(kExitUsage, what + "; '" + command + " --help' explains");
}

int Main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that left is an error of the write, not our end
  // A batch of entries that is read and dropped is more than the allocator keeps by itself: it
  // would go back to the system and come again, page by page, with each batch.
  mallopt(M_TRIM_THRESHOLD, 32 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // it grows by itself only while neither is set
  CLI::App app(
      "quire: a store of replicated append-only ledgers\n"
      "Example: quire cluster up --bookies 3 --dir /var/tmp/quire\n"
      "Example: export QUIRE_METADATA=zk://127.0.0.1:2181/quire\n"
      "         id=$(echo hello | quire ledger write --lines) && quire ledger read $id",
      "quire");
  Session session;
  app.add_option("--metadata", session.metadata,
                 "The cluster: zk://host:port[,host:port]/root, or the variable QUIRE_METADATA")
      ->envname("QUIRE_METADATA");
  app.add_option_function<std::string>(
         "--output",
         [&session](const std::string& form) {
           session.output = form == "json" ? OutputForm::kJson : OutputForm::kTable;
         },
         "table (for people) or json (for programs)")
      ->check(CLI::IsMember({"table", "json"}));
  app.add_flag_callback(
      "--json", [&session] { session.output = OutputForm::kJson; }, "The same as --output json");
  app.require_subcommand(1);
  AddClusterCommands(app, session);
  AddBookieCommands(app, session);
  AddLedgerCommands(app, session);
  AddBenchCommands(app, session);
  AddDiskCommands(app, session);
  AddFooter(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error);
  }
  return session.command();
}

}  // namespace
}  // namespace quire::tools

int main(int argc, char** argv) {
  try {
    return quire::tools::Main(argc, argv);
  } catch (const std::exception& error) {  // out of memory, or a mistake of ours
    return quire::tools::Failed(quire::tools::kExitFailed, error.what());
  }
}
