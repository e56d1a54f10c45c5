#include "tests/nemesis/tailer_role.h"

#include <algorithm>

#include "tests/nemesis/payload.h"

namespace quire::nemesis {

using std::chrono::milliseconds;

namespace {

constexpr int kQuietWaits = 8;  // then another ledger may be more interesting

nlohmann::json Describe(const std::vector<client::Entry>& entries) {
  auto list = nlohmann::json::array();
  for (const client::Entry& entry : entries) {
    const std::string_view payload = entry.payload();
    list.push_back({entry.id().value(), MarkOf(payload), payload.size(), Crc32(payload)});
  }
  return list;
}

}  // namespace

void TailerRole::Run() {
  while (!stage_.Sleep(milliseconds(50))) {
    const auto ledgers = stage_.board.List();
    if (ledgers.empty()) continue;
    const auto count = static_cast<std::int64_t>(ledgers.size());
    const std::int64_t back =
        stage_.Below(stage_.Percent(70) ? std::min<std::int64_t>(count, 3) : count);
    Follow(ledgers[static_cast<std::size_t>(count - 1 - back)]);
  }
}

void TailerRole::Follow(protocol::LedgerId ledger) {
  auto reader = stage_.client.OpenLedger(ledger);
  if (!reader) {
    stage_.history.WriteError("open-failed", {{"l", ledger.value()}}, reader.error());
    return;
  }
  handle_ = stage_.name + "#" + std::to_string(handles_++);
  next_ = protocol::EntryId(0);
  known_ = {};
  stage_.history.Write("open", {{"l", ledger.value()}, {"r", handle_}});
  for (int quiet = 0; quiet < kQuietWaits && !stage_.stopping();) {
    const auto progress =
        stage_.Percent(10) ? (*reader)->ReadLac() : (*reader)->Wait(known_.lac, milliseconds(1000));
    if (!progress) {
      stage_.history.WriteError("lac-failed", {{"l", ledger.value()}, {"r", handle_}},
                                progress.error());
      ++quiet;
      stage_.Sleep(milliseconds(100));
      continue;
    }
    const bool news = progress->lac != known_.lac || progress->closed != known_.closed;
    if (news) {
      stage_.history.Write("lac", {{"l", ledger.value()},
                                   {"r", handle_},
                                   {"lac", progress->lac.value()},
                                   {"closed", progress->closed}});
    }
    quiet = news ? 0 : quiet + 1;
    known_ = *progress;
    if (!CatchUp(**reader, known_.lac)) ++quiet;
    if (known_.closed && next_ > known_.lac) return;
  }
}

bool TailerRole::CatchUp(client::LedgerReader& reader, protocol::EntryId lac) {
  while (next_ <= lac && !stage_.stopping()) {
    const auto entries = reader.Read(next_, lac);
    if (!entries) {
      stage_.history.WriteError(
          "read-failed", {{"l", reader.id().value()}, {"r", handle_}, {"first", next_.value()}},
          entries.error());
      stage_.Sleep(milliseconds(100));
      return false;
    }
    stage_.history.Write("read", {{"l", reader.id().value()},
                                  {"r", handle_},
                                  {"first", next_.value()},
                                  {"entries", Describe(*entries)}});
    next_ = next_ + static_cast<std::int64_t>(entries->size());
  }
  return true;
}

}  // namespace quire::nemesis
