#include "tools/bookie_commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/bookie_info.h"
#include "tools/console.h"
#include "tools/standard_output.h"
#include "tools/table.h"

namespace quire::tools {

using metadata::BookieInfo;

namespace {

const char* StateOf(const BookieInfo& bookie) {
  return bookie.writable ? "writable" : "read-only";
}

// Every bookie that was ever formatted: where, and what became of it.
int ListAll(const Session& session) {
  auto client = session.Connect();
  if (!client) return Failed("bookie list", client.error());
  auto cookies = (*client)->ListCookies();
  if (!cookies) return Failed("bookie list", cookies.error());
  auto bookies = (*client)->ListBookies();
  if (!bookies) return Failed("bookie list", bookies.error());
  auto list = nlohmann::json::array();
  Table table({"ID", "HOST", "DIRECTORY", "STATE"});
  for (const metadata::Cookie& cookie : *cookies) {
    const auto here = std::ranges::find(*bookies, cookie.bookie, &BookieInfo::bookie);
    std::string state = here == bookies->end() ? "not registered" : StateOf(*here);
    const std::string by = cookie.replaced_by ? protocol::ToHex(*cookie.replaced_by) : "";
    if (!by.empty()) state = "lost its disk, replaced by " + by;
    list.push_back({{"id", protocol::ToHex(cookie.bookie)},
                    {"host", cookie.host},
                    {"directory", cookie.directory},
                    {"state", state},
                    {"replaced_by", by.empty() ? nlohmann::json() : nlohmann::json(by)}});
    table.Add({protocol::ToHex(cookie.bookie), cookie.host, cookie.directory, state});
  }
  return Print(session.json() ? list.dump(2) + "\n" : table.Text());
}

int List(const Session& session) {
  auto client = session.Connect();
  if (!client) return Failed("bookie list", client.error());
  auto bookies = (*client)->ListBookies();
  if (!bookies) return Failed("bookie list", bookies.error());
  if (session.json()) {
    auto list = nlohmann::json::array();
    for (const BookieInfo& bookie : *bookies) {
      list.push_back({{"id", protocol::ToHex(bookie.bookie)},
                      {"address", bookie.address},
                      {"state", StateOf(bookie)},
                      {"writable", bookie.writable}});
    }
    return Print(list.dump(2) + "\n");
  }
  Table table({"ID", "ADDRESS", "STATE"});
  for (const BookieInfo& bookie : *bookies) {
    table.Add({protocol::ToHex(bookie.bookie), bookie.address, StateOf(bookie)});
  }
  return Print(table.Text());
}

}  // namespace

void AddBookieCommands(CLI::App& app, Session& session) {
  CLI::App* bookie = app.add_subcommand("bookie", "Look at the bookies");
  bookie->require_subcommand(1)->fallthrough();

  CLI::App* list = bookie->add_subcommand("list", "List the bookies that are registered");
  auto all = std::make_shared<bool>(false);
  list->add_flag("--all", *all,
                 "Also those that are down or lost their disk: all that were ever formatted, with "
                 "their directory");
  list->callback([&session, all] {
    session.command = [&session, all] { return *all ? ListAll(session) : List(session); };
  });

  CLI::App* info = bookie->add_subcommand("info",
                                          "Ask a bookie about itself: how it is and why, its "
                                          "journal, cache, disk, requests and errors.\n"
                                          "Example: quire bookie info 127.0.0.1:3181");
  auto options = std::make_shared<BookieInfoOptions>();
  info->add_option("bookie", options->name, "Its id, or HOST:PORT of its daemon")->required();
  info->add_flag("--watch", options->watch, "Again each second");
  info->callback([&session, options] {
    session.command = [&session, options] { return ShowBookieInfo(session, *options); };
  });
}

}  // namespace quire::tools
