#include "tools/disk_inspect.h"

#include <nlohmann/json.hpp>

#include "bookie/offline_inspect.h"
#include "tools/console.h"
#include "tools/disk_findings.h"
#include "tools/disk_report.h"
#include "tools/standard_output.h"

namespace quire::tools {

using bookie::LedgerReport;
using bookie::OfflineDirectory;
using protocol::LedgerId;

int DiskInspect(const Session& session, const std::string& directory,
                std::optional<std::int64_t> ledger) {
  const auto opened = OfflineDirectory::Open(directory);
  if (!opened) return CannotOpen("disk inspect", opened.error());
  const std::optional<LedgerId> id =
      ledger ? std::optional<LedgerId>(LedgerId(*ledger)) : std::nullopt;
  LedgerReport about;
  const auto report = bookie::InspectDirectory(*opened, id, &about);
  if (!report) return Failed("disk inspect", report.error());
  if (id && !about.known() && report->findings.damages() == 0) {
    return Failed(kExitNotFound, "disk inspect: neither index nor journal of " + opened->path() +
                                     " know ledger " + std::to_string(*ledger));
  }
  if (session.json()) {
    nlohmann::json json = id ? LedgerJson(*id, about) : DirectoryJson(*report);
    json["findings"] = FindingsJson(report->findings);
    return DamageStatus(report->findings, Print(json.dump(2) + "\n"));
  }
  std::string text = id ? LedgerText(*id, about) : DirectoryText(*report);
  const std::string findings = FindingsText(report->findings);
  if (!findings.empty()) text += "\n" + findings;
  return DamageStatus(report->findings, Print(text));
}

}  // namespace quire::tools
