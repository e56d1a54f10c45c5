#include "tools/bookie_info.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "tools/console.h"
#include "tools/http_client.h"
#include "tools/standard_output.h"
#include "tools/status_text.h"
#include "tools/stop_signals.h"

namespace quire::tools {

using common::Errc;
using common::Fail;
using common::Result;
using metadata::BookieInfo;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::chrono::seconds kAnswer(5);
constexpr std::chrono::seconds kBetweenLooks(1);
constexpr const char* kClearScreen = "\x1b[H\x1b[2J";

bool IsAddress(const std::string& text) {
  const auto colon = text.rfind(':');
  return colon != std::string::npos && colon > 0 && colon + 1 < text.size() &&
         text.find_first_not_of("0123456789", colon + 1) == std::string::npos;
}

bool IsLoopback(const std::string& address) {
  return address.starts_with("127.") || address.starts_with("::1:");
}

// The bookie of that id, or one of the daemon at that address, which may be that of its HTTP.
Result<BookieInfo> Find(client::Client& client, const std::string& name) {
  const auto id = protocol::FromHex<protocol::BookieId>(name);
  auto bookies = client.ListBookies();
  if (!bookies) return Fail(std::move(bookies).error());
  for (const BookieInfo& bookie : *bookies) {
    if (id ? bookie.bookie == *id : bookie.address == name || bookie.http == name) return bookie;
  }
  return Fail(Errc::kNoNode,
              "no bookie " + name + " is registered; 'quire bookie list' shows which there are");
}

// What there is to know of why the page cannot be had, for the end of a line.
std::string Where(const BookieInfo& bookie) {
  if (!IsLoopback(bookie.http) || IsLoopback(bookie.address)) return {};
  return "; that address is for its own machine only: run this there, or start the bookie with "
         "--http and an address of its network";
}

bool Holds(const Json& status, const std::string& id) {
  const auto bookies = status.find("bookies");
  if (bookies == status.end() || !bookies->is_array()) return false;
  for (const Json& bookie : *bookies) {
    if (bookie.is_object() && bookie.value("bookie", "") == id) return true;
  }
  return false;
}

// The status of the daemon, with all its bookies or with the one that was named.
Result<Json> Look(client::Client& client, const std::string& name) {
  auto bookie = Find(client, name);
  if (!bookie) return Fail(std::move(bookie).error());
  const std::string id = protocol::ToHex(bookie->bookie);
  if (bookie->http.empty()) {
    return Fail(Errc::kUnsupported, "the bookie at " + bookie->address +
                                        " serves no HTTP: start it without --http off");
  }
  auto reply = HttpGet(bookie->http, "/status", kAnswer);
  if (!reply) return Fail(reply.error().code(), reply.error().context() + Where(*bookie));
  Json status = Json::parse(reply->body, nullptr, false);
  if (reply->status != 200 || !status.is_object() || !Holds(status, id)) {
    return Fail(Errc::kUnreachable,
                "what answers at http://" + bookie->http + " is not bookie " + id + Where(*bookie));
  }
  if (name == id) {
    std::erase_if(status["bookies"].get_ref<Json::array_t&>(),
                  [&id](const Json& other) { return other.value("bookie", "") != id; });
  }
  return status;
}

int Refuse(const common::Error& error) {
  if (error.code() == Errc::kNoNode) {
    return Failed(kExitNotFound, "bookie info: " + error.context());
  }
  return Failed("bookie info", error);
}

// A bookie that does not answer may come back: that is what one watches for.
int Watch(const Session& session, client::Client& client, const std::string& name,
          StopSignals& signals) {
  StandardOutput out;
  do {
    const auto status = Look(client, name);
    if (!status) {
      (void)Refuse(status.error());
    } else if (session.json()) {
      out.Write(status->dump() + "\n");
    } else {
      out.Write(kClearScreen + StatusText(*status));
    }
  } while (!out.Broken() && !signals.Wait(kBetweenLooks));
  return out.ExitStatus();
}

}  // namespace

int ShowBookieInfo(const Session& session, const BookieInfoOptions& options) {
  if (!IsAddress(options.name) && !protocol::FromHex<protocol::BookieId>(options.name)) {
    return Failed(kExitUsage, "bookie info: '" + options.name +
                                  "' is neither an id of 32 hexadecimal digits nor HOST:PORT");
  }
  std::optional<StopSignals> signals;
  if (options.watch) signals.emplace();
  auto client = session.Connect();
  if (!client) return Failed("bookie info", client.error());
  if (options.watch) return Watch(session, **client, options.name, *signals);
  const auto status = Look(**client, options.name);
  if (!status) return Refuse(status.error());
  return Print(session.json() ? status->dump(2) + "\n" : StatusText(*status));
}

}  // namespace quire::tools
