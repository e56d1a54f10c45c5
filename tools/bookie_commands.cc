#include "tools/bookie_commands.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/console.h"
#include "tools/standard_output.h"
#include "tools/table.h"

namespace quire::tools {

using common::Errc;
using common::Fail;
using metadata::BookieInfo;
using protocol::BookieStatus;

namespace {

const char* StateOf(const BookieInfo& bookie) {
  return bookie.writable ? "writable" : "read-only";
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

// Where the bookie of that id, or the daemon at that address, is. nullopt of id: all of the
// daemon's.
struct Target {
  std::string address;
  std::optional<protocol::BookieId> id;
};

common::Result<Target> Find(client::Client& client, const std::string& name) {
  const auto id = protocol::FromHex<protocol::BookieId>(name);
  if (!id) return Target{name, std::nullopt};
  auto bookies = client.ListBookies();
  if (!bookies) return Fail(std::move(bookies).error());
  for (const BookieInfo& bookie : *bookies) {
    if (bookie.bookie == *id) return Target{bookie.address, id};
  }
  return Fail(Errc::kNoNode, name);
}

nlohmann::json ToJson(const BookieStatus& status) {
  return {{"id", protocol::ToHex(status.bookie)},
          {"directory", status.directory},
          {"state", status.state},
          {"ledgers", status.ledgers},
          {"journal_lsn", status.journal_lsn},
          {"stored_lsn", status.stored_lsn},
          {"journal_bytes", status.journal_bytes},
          {"segment_bytes", status.segment_bytes},
          {"segments", status.segments},
          {"cache_bytes", status.cache_bytes},
          {"free_bytes", status.free_bytes}};
}

std::string ToText(const BookieStatus& status) {
  const auto bytes = [](std::int64_t n) { return HumanBytes(static_cast<double>(n)); };
  return "bookie     " + protocol::ToHex(status.bookie) + "\n" + "directory  " + status.directory +
         "\n" + "state      " + status.state + "\n" + "ledgers    " + HumanCount(status.ledgers) +
         "\n" + "journal    " + bytes(status.journal_bytes) + ", durable to LSN " +
         HumanCount(status.journal_lsn) + ", in the store to LSN " + HumanCount(status.stored_lsn) +
         "\n" + "segments   " + HumanCount(status.segments) + " with " +
         bytes(status.segment_bytes) + "\n" + "cache      " + bytes(status.cache_bytes) + "\n" +
         "free       " + bytes(status.free_bytes) + "\n";
}

bool IsAddress(const std::string& text) {
  const auto colon = text.rfind(':');
  return colon != std::string::npos && colon > 0 && colon + 1 < text.size() &&
         text.find_first_not_of("0123456789", colon + 1) == std::string::npos;
}

int Info(const Session& session, const std::string& name) {
  if (!IsAddress(name) && !protocol::FromHex<protocol::BookieId>(name)) {
    return Failed(kExitUsage, "bookie info: '" + name +
                                  "' is neither an id of 32 hexadecimal digits nor HOST:PORT");
  }
  auto client = session.Connect();
  if (!client) return Failed("bookie info", client.error());
  auto target = Find(**client, name);
  if (!target && target.error().code() == Errc::kNoNode) {
    return Failed(kExitNotFound, "bookie info: no bookie " + name +
                                     " is registered; 'quire bookie list' shows which there are");
  }
  if (!target) return Failed("bookie info", target.error());
  auto reply = (*client)->BookieStatus(target->address);
  if (!reply) return Failed("bookie info", reply.error());

  auto list = nlohmann::json::array();
  std::string text;
  for (const BookieStatus& status : reply->bookies) {
    if (target->id && status.bookie != *target->id) continue;
    list.push_back(ToJson(status));
    text += (text.empty() ? "" : "\n") + ToText(status);
  }
  if (list.empty()) {
    return Failed(kExitNotFound, "bookie info: the daemon at " + target->address +
                                     " has no bookie " + name + "; its registration will follow");
  }
  return Print(session.json() ? list.dump(2) + "\n" : text);
}

}  // namespace

void AddBookieCommands(CLI::App& app, Session& session) {
  CLI::App* bookie = app.add_subcommand("bookie", "Look at the bookies");
  bookie->require_subcommand(1)->fallthrough();

  CLI::App* list = bookie->add_subcommand("list", "List the bookies that are registered");
  list->callback([&session] { session.command = [&session] { return List(session); }; });

  CLI::App* info =
      bookie->add_subcommand("info",
                             "Ask a bookie about itself: its disk, journal, store and cache.\n"
                             "Example: quire bookie info 127.0.0.1:3181");
  auto name = std::make_shared<std::string>();
  info->add_option("bookie", *name, "Its id, or HOST:PORT of its daemon")->required();
  info->callback(
      [&session, name] { session.command = [&session, name] { return Info(session, *name); }; });
}

}  // namespace quire::tools
