// The command line of `quire`, up to the command that would run. Input: one argument a line.

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "common/check.h"
#include "tests/fuzz/arguments.h"
#include "tests/fuzz/fuzz_target.h"
#include "tools/bench_commands.h"
#include "tools/bookie_commands.h"
#include "tools/cluster_commands.h"
#include "tools/ledger_commands.h"
#include "tools/session.h"

namespace quire::fuzz {

void Run(std::string_view input) {
  ::unsetenv("QUIRE_METADATA");
  const Arguments arguments("quire", input);
  CLI::App app("quire", "quire");
  tools::Session session;
  app.add_option("--metadata", session.metadata);
  app.require_subcommand(1);
  tools::AddClusterCommands(app, session);
  tools::AddBookieCommands(app, session);
  tools::AddLedgerCommands(app, session);
  tools::AddBenchCommands(app, session);
  try {
    app.parse(arguments.count(), arguments.values());
    QUIRE_CHECK(session.command != nullptr);  // something would run
  } catch (const CLI::CallForHelp&) {
    QUIRE_CHECK(!app.help().empty());
  } catch (const CLI::CallForAllHelp&) {
  } catch (const CLI::ParseError& error) {
    // Wrong usage says why; anything else is not the user's mistake and ends here.
    QUIRE_CHECK(error.get_exit_code() != 0 && error.what()[0] != '\0');
  }
}

}  // namespace quire::fuzz
