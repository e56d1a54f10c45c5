#include "tools/ledger_commands.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <string>

#include "protocol/limits.h"
#include "tools/ledger_admin.h"
#include "tools/ledger_map_command.h"
#include "tools/ledger_read.h"
#include "tools/ledger_write.h"
#include "tools/replication_flags.h"

namespace quire::tools {
namespace {

// Decimal digits only: "010" or "0x8" must not become another ledger than its user reads.
CLI::Validator Id(const std::string& what) {
  return CLI::Validator(
      [what](const std::string& text) -> std::string {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = error == std::errc() && end == text.data() + text.size();
        const bool plain = text == "0" || (!text.empty() && text[0] >= '1' && text[0] <= '9');
        return whole && plain ? "" : "'" + text + "' is no " + what + " id";
      },
      "ID");
}

// A command about one ledger, whose id is its only argument.
using OneLedger = int (*)(const Session&, std::int64_t);

CLI::Option* AddId(CLI::App& app, std::int64_t& ledger) {
  return app.add_option("id", ledger, "The ledger's id")->required()->check(Id("ledger"));
}

void AddOneLedger(CLI::App& parent, Session& session, const char* name, const char* help,
                  OneLedger run) {
  CLI::App* app = parent.add_subcommand(name, help);
  auto ledger = std::make_shared<std::int64_t>();
  AddId(*app, *ledger);
  app->callback([&session, ledger, run] {
    session.command = [&session, ledger, run] { return run(session, *ledger); };
  });
}

void AddWrite(CLI::App& parent, Session& session) {
  CLI::App* app = parent.add_subcommand(
      "write",
      "Make a ledger of standard input. The first line on standard output is its id.\n"
      "Example: tar c . | quire ledger write --entry-size 262144\n"
      "Example: tail -f app.log | quire ledger write --lines --report-acks");
  auto options = std::make_shared<LedgerWriteOptions>();
  AddReplicationFlags(*app, options->replication);
  CLI::Option* lines =
      app->add_flag("--lines", options->cut.lines, "One entry per line, without its newline");
  app->add_option("--entry-size", options->cut.entry_bytes, "Bytes of each entry but the last")
      ->check(CLI::Range(std::size_t{1}, protocol::kMaxPayloadBytes))
      ->capture_default_str()
      ->excludes(lines);
  app->add_flag("--no-close", options->no_close,
                "Leave the ledger open at the end, for 'quire ledger seal' to close");
  app->add_flag("--report-acks", options->report_acks,
                "Write the id of each acknowledged entry as a line, when it is acknowledged");
  app->callback([&session, options] {
    session.command = [&session, options] { return LedgerWrite(session, *options); };
  });
}

void AddReads(CLI::App& parent, Session& session) {
  auto options = std::make_shared<LedgerReadOptions>();
  CLI::App* read = parent.add_subcommand(
      "read",
      "Write the payloads of a ledger to standard output: all that is confirmed.\n"
      "Example: quire ledger read 42 --from 100 --to 199 --lines");
  AddId(*read, options->ledger);
  const auto entry = Id("entry");
  read->add_option("--from", options->from, "The first entry")->check(entry);
  read->add_option("--to", options->to, "The last entry; without it all that is confirmed now")
      ->check(entry);
  read->add_flag("--lines", options->lines, "A newline after each entry");
  read->callback([&session, options] {
    session.command = [&session, options] { return LedgerRead(session, *options); };
  });

  CLI::App* tail = parent.add_subcommand(
      "tail",
      "As read, from the first entry on, and then each entry as it is confirmed; ends when\n"
      "the ledger is closed");
  AddId(*tail, options->ledger);
  tail->add_flag("--lines", options->lines, "A newline after each entry");
  tail->callback([&session, options] {
    session.command = [&session, options] { return LedgerTail(session, *options); };
  });
}

void AddMap(CLI::App& parent, Session& session) {
  CLI::App* app =
      parent.add_subcommand("map", "Draw which bookie holds which entries, segment by segment");
  auto ledger = std::make_shared<std::int64_t>();
  auto verify = std::make_shared<bool>(false);
  AddId(*app, *ledger);
  app->add_flag("--verify", *verify,
                "Ask each bookie what it really holds, and mark what is missing");
  app->callback([&session, ledger, verify] {
    session.command = [&session, ledger, verify] {
      return LedgerMapCommand(session, *ledger, *verify);
    };
  });
}

void AddList(CLI::App& parent, Session& session) {
  CLI::App* app = parent.add_subcommand("list", "List the ledgers by id");
  auto after = std::make_shared<std::int64_t>(-1);
  auto limit = std::make_shared<std::int64_t>(1000);
  app->add_option("--after", *after, "Only ids above this one");
  app->add_option("--limit", *limit, "At most so many")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}).description("N"))
      ->capture_default_str();
  app->callback([&session, after, limit] {
    session.command = [&session, after, limit] { return LedgerList(session, *after, *limit); };
  });
}

}  // namespace

void AddLedgerCommands(CLI::App& app, Session& session) {
  CLI::App* ledger = app.add_subcommand("ledger", "Write, read, look at, seal and delete ledgers");
  ledger->require_subcommand(1)->fallthrough();
  AddWrite(*ledger, session);
  AddReads(*ledger, session);
  AddOneLedger(
      *ledger, session, "info",
      "Print the ledger's metadata as JSON; last_entry and length are -1 and 0 until it is\n"
      "closed",
      LedgerInfo);
  AddMap(*ledger, session);
  AddOneLedger(
      *ledger, session, "seal",
      "Recover the ledger of a writer that is gone, and close it. A writer that lives can\n"
      "append nothing more. Any number of seals at once agree on the end; sealing a closed\n"
      "ledger succeeds",
      LedgerSeal);
  AddList(*ledger, session);
  AddOneLedger(*ledger, session, "delete", "Delete the ledger; the bookies then free its space",
               LedgerDelete);
}

}  // namespace quire::tools
