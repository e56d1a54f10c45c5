#include "tools/ledger_read.h"

#include <string>

#include "tools/console.h"
#include "tools/entry_stream.h"
#include "tools/standard_output.h"

namespace quire::tools {

using client::LedgerReader;
using protocol::EntryId;

namespace {

constexpr auto kTailWait = std::chrono::seconds(2);

// Copies entries first..last to standard output. The exit status when the command must end now;
// nullopt: all of it was written.
std::optional<int> Copy(LedgerReader& reader, EntryId first, EntryId last, bool lines,
                        StandardOutput& out, const std::string& name) {
  EntryStream stream(reader, first, last);
  std::string text;
  for (;;) {
    auto batch = stream.Next();
    if (!batch) return Failed(name, batch.error());
    if (!*batch) return std::nullopt;
    text.clear();
    for (const client::Entry& entry : **batch) {
      text.append(entry.payload());
      if (lines) text.push_back('\n');
    }
    if (!out.Write(text)) return out.ExitStatus();
  }
}

int OutOfRange(const std::string& name, std::int64_t entry, EntryId lac) {
  return Failed(kExitNotFound, name + ": entry " + std::to_string(entry) + " does not exist: " +
                                   (lac == protocol::kNoEntry ? "no entry is confirmed"
                                                              : "the last confirmed entry is " +
                                                                    std::to_string(lac.value())));
}

}  // namespace

int LedgerRead(const Session& session, const LedgerReadOptions& options) {
  const std::string name = "ledger read " + std::to_string(options.ledger);
  if (options.from && options.to && *options.from > *options.to) {
    return Failed(kExitUsage, name + ": --from is above --to");
  }
  auto client = session.Connect();
  if (!client) return Failed(name, client.error());
  auto reader = (*client)->OpenLedger(protocol::LedgerId(options.ledger));
  if (!reader) return Failed(name, reader.error());
  client::Progress progress = (*reader)->progress();
  if (!progress.closed) {
    auto asked = (*reader)->ReadLac();
    if (!asked) return Failed(name, asked.error());
    progress = *asked;
  }
  const EntryId lac = progress.lac;
  const EntryId first(options.from.value_or(0));
  const EntryId last(options.to.value_or(lac.value()));
  if (options.to && last > lac) return OutOfRange(name, *options.to, lac);
  if (options.from && first > lac) return OutOfRange(name, *options.from, lac);
  StandardOutput out;
  return Copy(**reader, first, last, options.lines, out, name).value_or(kExitOk);
}

int LedgerTail(const Session& session, const LedgerReadOptions& options) {
  const std::string name = "ledger tail " + std::to_string(options.ledger);
  auto client = session.Connect();
  if (!client) return Failed(name, client.error());
  auto reader = (*client)->OpenLedger(protocol::LedgerId(options.ledger));
  if (!reader) return Failed(name, reader.error());
  StandardOutput out;
  client::Progress progress = (*reader)->progress();
  EntryId next(0);
  for (;;) {
    if (next <= progress.lac) {
      const auto ended = Copy(**reader, next, progress.lac, options.lines, out, name);
      if (ended) return *ended;
      next = progress.lac + 1;
    }
    if (progress.closed) return kExitOk;
    // The bookies answer when there is more; the bound is for noticing that nobody reads us.
    auto waited = (*reader)->Wait(progress.lac, kTailWait);
    if (!waited) return Failed(name, waited.error());
    progress = *waited;
    if (out.Broken()) return out.ExitStatus();
  }
}

}  // namespace quire::tools
