#include "tools/ledger_admin.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string>

#include "tools/console.h"
#include "tools/standard_output.h"
#include "tools/table.h"

namespace quire::tools {

using metadata::LedgerMetadata;
using metadata::LedgerState;
using protocol::LedgerId;

namespace {

constexpr std::int64_t kLedgersPerPage = 1000;

std::string Name(const char* command, std::int64_t ledger) {
  return std::string("ledger ") + command + " " + std::to_string(ledger);
}

nlohmann::json Summary(const LedgerMetadata& ledger) {
  return {{"id", ledger.id.value()},
          {"state", StateName(ledger.state)},
          {"last_entry", ledger.last_entry.value()},
          {"length", ledger.length},
          {"ensemble_size", ledger.replication.ensemble},
          {"write_quorum", ledger.replication.write_quorum},
          {"ack_quorum", ledger.replication.ack_quorum},
          {"created", ledger.created_ms}};
}

// UTC, to the second.
std::string TimeText(std::int64_t millis) {
  const std::time_t seconds = millis / 1000;
  std::tm parts{};
  char text[32];
  if (::gmtime_r(&seconds, &parts) == nullptr) return "?";
  return std::string(text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts));
}

// "closed after entry 41 (1.2 MB)".
std::string EndText(const LedgerMetadata& ledger) {
  if (ledger.last_entry == protocol::kNoEntry) return "closed empty";
  return "closed after entry " + std::to_string(ledger.last_entry.value()) + " (" +
         HumanBytes(static_cast<double>(ledger.length)) + ")";
}

nlohmann::json SealJson(const client::SealResult& sealed) {
  return {{"id", sealed.ledger.id.value()},
          {"last_entry", sealed.ledger.last_entry.value()},
          {"length", sealed.ledger.length},
          {"was_closed", sealed.was_closed},
          {"recovered", sealed.recovered}};
}

}  // namespace

int LedgerInfo(const Session& session, std::int64_t ledger) {
  auto client = session.Connect();
  if (!client) return Failed(Name("info", ledger), client.error());
  auto found = (*client)->DescribeVersion(LedgerId(ledger));
  if (!found) return Failed(Name("info", ledger), found.error());
  const LedgerMetadata& metadata = *found->value;
  nlohmann::json info = Summary(metadata);
  info["version"] = found->version.value;
  info["custom"] = metadata.custom;
  auto& segments = info["segments"] = nlohmann::json::array();
  for (const auto& [first, ensemble] : metadata.segments) {
    auto bookies = nlohmann::json::array();
    for (const auto& bookie : ensemble) bookies.push_back(protocol::ToHex(bookie));
    segments.push_back({{"first_entry", first.value()}, {"bookies", bookies}});
  }
  // Custom values are bytes: what is not UTF-8 is shown with replacement characters.
  return Print(info.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

int LedgerSeal(const Session& session, std::int64_t ledger) {
  auto client = session.Connect();
  if (!client) return Failed(Name("seal", ledger), client.error());
  auto sealed = (*client)->SealLedger(LedgerId(ledger));
  if (!sealed) return Failed(Name("seal", ledger), sealed.error());
  if (session.json()) return Print(SealJson(*sealed).dump() + "\n");
  std::string text = "ledger " + std::to_string(ledger);
  if (sealed->was_closed) {
    text += " was closed before: " + EndText(sealed->ledger);
  } else {
    text += " is sealed: " + EndText(sealed->ledger) + "; " + HumanCount(sealed->recovered) +
            (sealed->recovered == 1 ? " entry" : " entries") + " recovered at its end";
  }
  return Print(text + "\n");
}

int LedgerList(const Session& session, std::int64_t after, std::int64_t limit) {
  auto client = session.Connect();
  if (!client) return Failed("ledger list", client.error());
  auto list = nlohmann::json::array();
  Table table({"ID", "STATE", "LAST", "LENGTH", "E/Qw/Qa", "SEGMENTS", "CREATED"});
  LedgerId last(after);
  for (std::int64_t left = limit; left > 0;) {
    auto page =
        (*client)->ListLedgers(last, static_cast<std::size_t>(std::min(left, kLedgersPerPage)));
    if (!page) return Failed("ledger list", page.error());
    if (page->empty()) break;
    for (const LedgerMetadata& ledger : *page) {
      list.push_back(Summary(ledger));
      const bool closed = ledger.state == LedgerState::kClosed;
      const auto& r = ledger.replication;
      table.Add({std::to_string(ledger.id.value()), std::string(StateName(ledger.state)),
                 closed ? std::to_string(ledger.last_entry.value()) : "-",
                 closed ? HumanBytes(static_cast<double>(ledger.length)) : "-",
                 std::to_string(r.ensemble) + "/" + std::to_string(r.write_quorum) + "/" +
                     std::to_string(r.ack_quorum),
                 std::to_string(ledger.segments.size()), TimeText(ledger.created_ms)});
    }
    left -= static_cast<std::int64_t>(page->size());
    last = page->back().id;
  }
  return Print(session.json() ? list.dump(2) + "\n" : table.Text());
}

int LedgerDelete(const Session& session, std::int64_t ledger) {
  auto client = session.Connect();
  if (!client) return Failed(Name("delete", ledger), client.error());
  if (auto found = (*client)->DescribeLedger(LedgerId(ledger)); !found) {
    return Failed(Name("delete", ledger), found.error());
  }
  if (auto deleted = (*client)->DeleteLedger(LedgerId(ledger)); !deleted) {
    return Failed(Name("delete", ledger), deleted.error());
  }
  return Print(session.json() ? nlohmann::json{{"id", ledger}, {"deleted", true}}.dump() + "\n"
                              : "ledger " + std::to_string(ledger) + " is deleted\n");
}

}  // namespace quire::tools
