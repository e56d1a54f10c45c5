#include "tools/ledger_write.h"

#include <unistd.h>

#include <optional>

#include "tools/ack_log.h"
#include "tools/append_tally.h"
#include "tools/console.h"
#include "tools/progress_line.h"
#include "tools/replication_flags.h"
#include "tools/standard_output.h"

namespace quire::tools {

using client::AppendResult;
using client::LedgerWriter;
using client::Outcome;

namespace {

constexpr const char* kName = "ledger write";

// Enough to keep every disk busy; what a writer that dies leaves for its recovery to sort out.
constexpr std::size_t kMostPendingBytes = 4 << 20;

// Appends entries until the input ends, an append fails or nobody reads the acknowledgements. The
// error is about the input.
common::Result<void> Feed(EntrySource& source, LedgerWriter& writer, AppendTally& tally,
                          AckLog* log) {
  ProgressLine progress;
  for (;;) {
    auto entry = source.Next();
    if (!entry) return common::Fail(std::move(entry).error());
    if (!*entry || tally.failure() || (log != nullptr && log->broken())) return {};
    tally.OnBegin();
    writer.AppendAsync(**entry, [&tally, size = (*entry)->size()](const AppendResult& result) {
      tally.OnResult(result, size);
    });
    if (progress.due()) {
      const auto counts = tally.acknowledged();
      progress.Draw(counts.entries, counts.bytes);
    }
  }
}

std::string SealHint(const LedgerWriter& writer) {
  return "'quire ledger seal " + std::to_string(writer.id().value()) + "' closes it";
}

// "entries 0..17 are acknowledged".
std::string Acknowledged(std::int64_t entries) {
  if (entries == 0) return "no entry is acknowledged";
  if (entries == 1) return "entry 0 is acknowledged";
  return "entries 0.." + std::to_string(entries - 1) + " are acknowledged";
}

int AppendFailed(const AppendResult& failure, const LedgerWriter& writer, std::int64_t entries) {
  const bool unknown = failure.outcome() == Outcome::kUnknown;
  const std::string what = unknown
                               ? "the outcome of entry " + std::to_string(failure.entry().value()) +
                                     " and those after it is not known"
                               : "an entry was not appended";
  const ExitCode status = unknown ? kExitUnknown : ExitCodeOf(failure.error().code());
  return Failed(status, std::string(kName) + ": " + what + ": " + failure.error().ToString() +
                            "; " + Acknowledged(entries) + " and stay; ledger " +
                            std::to_string(writer.id().value()) + " is open: " + SealHint(writer));
}

}  // namespace

int LedgerWrite(const Session& session, const LedgerWriteOptions& options) {
  if (auto sound = options.replication.Check(); !sound) return Failed(kName, sound.error());
  WarnOfOneCopy(options.replication);
  auto client = session.Connect();
  if (!client) return Failed(kName, client.error());
  auto created = (*client)->CreateLedger({.replication = options.replication, .custom = {}},
                                         {.max_pending_bytes = kMostPendingBytes});
  if (!created) return Failed(kName, created.error());
  LedgerWriter& writer = **created;

  StandardOutput out;
  out.Write(std::to_string(writer.id().value()) + "\n");
  std::optional<AckLog> log;
  if (options.report_acks) log.emplace(out);
  AckLog* const told = log ? &*log : nullptr;
  AppendTally tally(told);
  EntrySource source(STDIN_FILENO, tally.failure_fd(), options.cut);
  const auto fed = Feed(source, writer, tally, told);
  tally.AwaitAll();
  const std::int64_t entries = tally.acknowledged().entries;
  log.reset();
  const bool broken = options.report_acks && !out.Write("");

  if (const auto failure = tally.failure()) return AppendFailed(*failure, writer, entries);
  if (options.no_close) {
    Say(std::string(kName) + ": ledger " + std::to_string(writer.id().value()) +
        " is left open: " + Acknowledged(entries) + "; " + SealHint(writer));
  } else if (auto closed = writer.Close(); !closed) {
    return Failed(std::string(kName) + ": " + Acknowledged(entries) + ", but the close of ledger " +
                      std::to_string(writer.id().value()) + " failed (" + SealHint(writer) + ")",
                  closed.error());
  }
  if (!fed) {
    return Failed(std::string(kName) + ": " + Acknowledged(entries) + ", the rest was not written",
                  fed.error());
  }
  if (broken) {
    return Failed(kExitFailed, std::string(kName) +
                                   ": standard output is closed, so the write ended " + "early; " +
                                   Acknowledged(entries));
  }
  return out.ExitStatus();
}

}  // namespace quire::tools
