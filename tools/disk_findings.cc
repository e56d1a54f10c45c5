#include "tools/disk_findings.h"

#include <nlohmann/json.hpp>

#include "tools/console.h"

namespace quire::tools {

using bookie::Finding;
using bookie::FindingList;
using common::Errc;

namespace {

const char* KindName(Finding::Kind kind) {
  return kind == Finding::Kind::kDamage ? "damage" : "harmless";
}

// "ledger 7, entries 3 to 9"; empty when nothing is known.
std::string Subject(const Finding& finding) {
  if (!finding.ledger) return "";
  std::string text = "ledger " + std::to_string(finding.ledger->value());
  if (!finding.entries) return text;
  const auto& [first, last] = *finding.entries;
  if (first == last) return text + ", entry " + std::to_string(first.value());
  return text + ", entries " + std::to_string(first.value()) + " to " +
         std::to_string(last.value());
}

std::string Count(std::uint64_t number) {
  return HumanCount(static_cast<std::int64_t>(number));
}

}  // namespace

int CannotOpen(const std::string& command, const common::Error& error) {
  if (error.code() == Errc::kBusy) {  // the context says what to do
    return Failed(kExitUnavailable, command + ": " + error.context());
  }
  return Failed(command, error);
}

std::string FindingsText(const FindingList& findings) {
  std::string text;
  for (const Finding& finding : findings.kept()) {
    text += std::string(KindName(finding.kind)) + ": " + finding.file;
    if (finding.offset) text += " at offset " + std::to_string(*finding.offset);
    const std::string subject = Subject(finding);
    if (!subject.empty()) text += ": " + subject;
    text += "\n    " + finding.what + "\n    " + finding.advice + "\n";
  }
  if (findings.dropped() > 0) text += "and " + Count(findings.dropped()) + " more\n";
  return text;
}

nlohmann::json FindingsJson(const FindingList& findings) {
  auto list = nlohmann::json::array();
  for (const Finding& finding : findings.kept()) {
    nlohmann::json item{{"kind", KindName(finding.kind)},
                        {"file", finding.file},
                        {"what", finding.what},
                        {"advice", finding.advice}};
    if (finding.offset) item["offset"] = *finding.offset;
    if (finding.ledger) item["ledger"] = finding.ledger->value();
    if (finding.entries) {
      item["first_entry"] = finding.entries->first.value();
      item["last_entry"] = finding.entries->second.value();
    }
    list.push_back(std::move(item));
  }
  return {{"damages", findings.damages()},
          {"harmless", findings.harmless()},
          {"not_listed", findings.dropped()},
          {"list", std::move(list)}};
}

std::string FindingsCount(const FindingList& findings) {
  std::string text =
      findings.damages() == 0 ? "no damage" : Count(findings.damages()) + " findings of damage";
  if (findings.damages() == 1) text = "1 finding of damage";
  if (findings.harmless() > 0) text += ", " + Count(findings.harmless()) + " harmless";
  return text;
}

int DamageStatus(const FindingList& findings, int printed) {
  return printed == kExitOk && findings.damages() > 0 ? kExitDamage : printed;
}

}  // namespace quire::tools
