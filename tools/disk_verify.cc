#include "tools/disk_verify.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "bookie/offline_verify.h"
#include "tools/console.h"
#include "tools/disk_findings.h"
#include "tools/disk_progress.h"
#include "tools/standard_output.h"

namespace quire::tools {

using bookie::OfflineDirectory;
using bookie::OfflineVerify;

namespace {

std::string Count(std::uint64_t number) {
  return HumanCount(static_cast<std::int64_t>(number));
}

std::string Text(const std::string& directory, const OfflineVerify::Summary& summary,
                 double seconds) {
  const auto bytes = static_cast<double>(summary.bytes);
  std::string text = FindingsText(summary.findings);
  if (!text.empty()) text += "\n";
  text += "directory  " + directory + "\n";
  text += "journal    " + Count(summary.journal_files) + " files, " +
          Count(summary.journal_records) + " records\n";
  text += "index      " + Count(summary.extents) + " extents, " + Count(summary.ledgers) +
          " ledgers, " + HumanBytes(static_cast<double>(summary.index_bytes)) + "\n";
  text += "segments   " + Count(summary.segments) + " files, " + Count(summary.segment_records) +
          " records, of them " + Count(summary.live_records) + " in use\n";
  text += "read       " + HumanBytes(bytes) + ", " + HumanBytes(bytes / seconds) + "/s\n";
  text += "result     " + FindingsCount(summary.findings) + "\n";
  return text;
}

nlohmann::json Json(const std::string& directory, const OfflineVerify::Summary& summary,
                    double seconds) {
  return {{"directory", directory},
          {"journal_files", summary.journal_files},
          {"journal_records", summary.journal_records},
          {"index_bytes", summary.index_bytes},
          {"extents", summary.extents},
          {"ledgers", summary.ledgers},
          {"segments", summary.segments},
          {"segment_records", summary.segment_records},
          {"live_records", summary.live_records},
          {"bytes", summary.bytes},
          {"seconds", seconds},
          {"findings", FindingsJson(summary.findings)}};
}

}  // namespace

int DiskVerify(const Session& session, const std::string& directory, bool quiet) {
  const auto opened = OfflineDirectory::Open(directory);
  if (!opened) return CannotOpen("disk verify", opened.error());
  DiskProgress progress(quiet);
  OfflineVerify verify(*opened, [&progress](std::uint64_t done, std::uint64_t total) {
    progress.Done(done, total);
  });
  const auto summary = verify.Run();
  if (!summary) return Failed("disk verify", summary.error());
  const double seconds = progress.seconds();
  const int printed = Print(session.json() ? Json(opened->path(), *summary, seconds).dump(2) + "\n"
                                           : Text(opened->path(), *summary, seconds));
  return DamageStatus(summary->findings, printed);
}

}  // namespace quire::tools
