#include "tools/ledger_map_command.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <string_view>

#include "tools/console.h"
#include "tools/ledger_map.h"
#include "tools/standard_output.h"

namespace quire::tools {

using protocol::BookieId;
using protocol::Code;
using protocol::EntryId;
using protocol::EntryRun;
using protocol::LedgerId;

namespace {

constexpr int kDefaultWidth = 100;

LedgerMap::Style TerminalStyle() {
  LedgerMap::Style style{.width = kDefaultWidth, .unicode = false};
  winsize size{};
  const char* columns = std::getenv("COLUMNS");
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = size.ws_col;
  } else if (columns != nullptr && std::atoi(columns) > 0) {
    style.width = std::atoi(columns);
  }
  style.unicode = std::setlocale(LC_CTYPE, "") != nullptr &&
                  std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  return style;
}

// nullopt: the bookie does not answer, or cannot say.
std::optional<std::vector<EntryRun>> Holdings(client::Client& client, BookieId bookie,
                                              LedgerId ledger) {
  std::vector<EntryRun> runs;
  for (EntryId from(0);;) {
    auto reply = client.ListEntries(bookie, ledger, from);
    if (!reply) return std::nullopt;
    if (reply->code == Code::kNoLedger) return runs;
    if (reply->code != Code::kOk) return std::nullopt;
    runs.insert(runs.end(), reply->runs.begin(), reply->runs.end());
    if (reply->next_entry <= from) return runs;
    from = reply->next_entry;
  }
}

}  // namespace

int LedgerMapCommand(const Session& session, std::int64_t ledger, bool verify) {
  const std::string name = "ledger map " + std::to_string(ledger);
  auto client = session.Connect();
  if (!client) return Failed(name, client.error());
  auto reader = (*client)->OpenLedger(LedgerId(ledger));
  if (!reader) return Failed(name, reader.error());
  client::Progress progress = (*reader)->progress();
  if (!progress.closed) {
    auto asked = (*reader)->ReadLac();
    if (!asked) return Failed(name, asked.error());
    progress = *asked;
  }
  const auto metadata = (*reader)->metadata();
  auto bookies = (*client)->ListBookies();
  if (!bookies) return Failed(name, bookies.error());
  std::map<BookieId, std::string> addresses;
  for (const auto& bookie : *bookies) addresses[bookie.bookie] = bookie.address;

  LedgerMap map(metadata, progress.lac, addresses);
  if (verify) {
    LedgerMap::Holdings holdings;
    for (const auto& [first, ensemble] : metadata.segments) {
      for (const BookieId& bookie : ensemble) {
        if (holdings.contains(bookie)) continue;
        holdings[bookie] = addresses.contains(bookie) ? Holdings(**client, bookie, LedgerId(ledger))
                                                      : std::nullopt;
      }
    }
    map.Verify(std::move(holdings));
  }
  return Print(map.Draw(TerminalStyle()));
}

}  // namespace quire::tools
