#include "tests/nemesis/recoverer_role.h"

#include <algorithm>

namespace quire::nemesis {
namespace {

constexpr std::int64_t kRecent = 6;  // ledgers whose writers are likely to be at work

}  // namespace

void RecovererRole::Run() {
  while (!stage_.Sleep(std::chrono::milliseconds(100 + stage_.Below(1500)))) {
    const auto ledgers = stage_.board.List();
    if (ledgers.empty()) continue;
    const auto count = static_cast<std::int64_t>(ledgers.size());
    // Mostly of the older half of the recent ones, which are silent or long at work.
    const std::int64_t reach = stage_.Percent(70) ? std::min(count, kRecent) : count;
    const std::int64_t back =
        stage_.Percent(70) ? reach - 1 - stage_.Below((reach + 1) / 2) : stage_.Below(reach);
    Seal(stage_, ledgers[static_cast<std::size_t>(count - 1 - back)]);
  }
}

bool Seal(Stage& stage, protocol::LedgerId ledger) {
  stage.history.Write("seal-invoke", {{"l", ledger.value()}});
  const auto sealed = stage.client.SealLedger(ledger);
  if (!sealed) {
    stage.history.WriteError("seal-failed", {{"l", ledger.value()}}, sealed.error());
    return false;
  }
  stage.history.Write("seal", {{"l", ledger.value()},
                               {"last", sealed->ledger.last_entry.value()},
                               {"length", sealed->ledger.length},
                               {"was_closed", sealed->was_closed},
                               {"recovered", sealed->recovered}});
  return true;
}

}  // namespace quire::nemesis
