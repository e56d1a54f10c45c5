#include "tests/nemesis/final_roles.h"

#include <algorithm>
#include <fstream>

#include "tests/nemesis/recoverer_role.h"

namespace quire::nemesis {
namespace {

constexpr std::size_t kLedgersPerList = 1000;

void PutFrame(std::ofstream& file, std::string_view payload) {
  for (int shift = 0; shift < 32; shift += 8) {
    file.put(static_cast<char>(payload.size() >> shift));
  }
  file.write(payload.data(), static_cast<std::streamsize>(payload.size()));
}

}  // namespace

// Until it succeeds, or the patience ends.
template <typename Step>
bool FinalRoles::Persist(Step step) {
  while (!step()) {
    if (std::chrono::steady_clock::now() > give_up_) return false;
    if (stage_.Sleep(std::chrono::milliseconds(300))) return false;
  }
  return true;
}

std::vector<protocol::LedgerId> FinalRoles::List() {
  std::vector<protocol::LedgerId> ids;
  Persist([&] {
    const protocol::LedgerId last = ids.empty() ? after_ : ids.back();
    const auto page = stage_.client.ListLedgers(last, kLedgersPerList);
    if (!page) {
      stage_.history.WriteError("list-failed", nlohmann::json::object(), page.error());
      return false;
    }
    for (const auto& ledger : *page) {
      if (ledger.state != metadata::LedgerState::kDeleted) ids.push_back(ledger.id);
    }
    return page->size() < kLedgersPerList;
  });
  return ids;
}

std::vector<protocol::LedgerId> FinalRoles::ListAndTell() {
  const auto ids = List();
  auto values = nlohmann::json::array();
  for (const protocol::LedgerId id : ids) values.push_back(id.value());
  stage_.history.Write("listed", {{"ledgers", values}});
  return ids;
}

bool FinalRoles::SealAll() {
  bool all = true;
  for (const protocol::LedgerId ledger : ListAndTell()) {
    all = Persist([&] { return Seal(stage_, ledger); }) && all;
  }
  return all;
}

bool FinalRoles::ReadAll(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  bool all = true;
  for (const protocol::LedgerId ledger : ListAndTell()) {
    const auto file = directory / std::to_string(ledger.value());
    all = Persist([&] { return ReadOne(ledger, file); }) && all;
  }
  return all;
}

bool FinalRoles::ReadOne(protocol::LedgerId ledger, const std::filesystem::path& path) {
  const auto fail = [&](const common::Error& error) {
    stage_.history.WriteError("final-failed", {{"l", ledger.value()}}, error);
    return false;
  };
  const auto reader = stage_.client.OpenLedger(ledger);
  if (!reader) return fail(reader.error());
  const metadata::LedgerMetadata metadata = (*reader)->metadata();
  const client::Progress progress = (*reader)->progress();
  // A server of ZooKeeper may lag behind: that is no lie, but not the end either.
  if (!progress.closed) return fail(common::Error(common::Errc::kBusy, "not seen closed yet"));
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  std::int64_t length = 0;
  for (protocol::EntryId next(0); next <= progress.lac;) {
    const auto entries = (*reader)->Read(next, progress.lac);
    if (!entries) return fail(entries.error());
    for (const client::Entry& entry : *entries) PutFrame(file, entry.payload());
    length = entries->back().length();
    next = next + static_cast<std::int64_t>(entries->size());
  }
  file.close();
  if (!file.good()) return fail(common::Error(common::Errc::kIo, path.string() + " is not whole"));
  stage_.history.Write("final", {{"l", ledger.value()},
                                 {"last", metadata.last_entry.value()},
                                 {"length", metadata.length},
                                 {"header_length", length},
                                 {"segments", metadata.segments.size()}});
  return true;
}

bool FinalRoles::AuditAll() {
  bool all = true;
  for (const protocol::LedgerId ledger : List()) {
    all = Persist([&] { return AuditOne(ledger); }) && all;
  }
  return all;
}

bool FinalRoles::AuditOne(protocol::LedgerId ledger) {
  const auto metadata = stage_.client.DescribeLedger(ledger);
  if (!metadata || metadata->state != metadata::LedgerState::kClosed) return false;
  const auto holdings = HoldingsOf(*metadata);
  if (!holdings) return false;
  const FewestCopies fewest = CountCopies(*metadata, *holdings);
  stage_.history.Write("copies", {{"l", ledger.value()},
                                  {"ack_quorum", metadata->replication.ack_quorum},
                                  {"entry", fewest.entry.value()},
                                  {"copies", fewest.copies},
                                  {"gone", fewest.gone}});
  return true;
}

std::optional<Holdings> FinalRoles::HoldingsOf(const metadata::LedgerMetadata& ledger) {
  const auto bookies = stage_.client.ListBookies();
  if (!bookies) return std::nullopt;
  Holdings holdings;
  for (const auto& [first, ensemble] : ledger.segments) {
    for (const protocol::BookieId& bookie : ensemble) {
      const bool here = std::ranges::any_of(
          *bookies, [&](const metadata::BookieInfo& info) { return info.bookie == bookie; });
      if (!here || holdings.contains(bookie)) continue;
      auto& runs = holdings[bookie];
      for (protocol::EntryId from(0); from != protocol::kNoEntry;) {
        const auto reply = stage_.client.ListEntries(bookie, ledger.id, from);
        if (!reply) return std::nullopt;
        if (reply->code == protocol::Code::kNoLedger) break;
        if (reply->code != protocol::Code::kOk) return std::nullopt;
        runs.insert(runs.end(), reply->runs.begin(), reply->runs.end());
        from = reply->next_entry;
      }
    }
  }
  return holdings;
}

bool FinalRoles::DeleteUpTo(protocol::LedgerId last) {
  bool all = true;
  for (const protocol::LedgerId ledger : List()) {
    if (ledger > last) break;
    all = Persist([&] {
            const auto deleted = stage_.client.DeleteLedger(ledger);
            if (deleted || deleted.error().code() == common::Errc::kNoSuchLedger) return true;
            stage_.history.WriteError("delete-failed", {{"l", ledger.value()}}, deleted.error());
            return false;
          }) &&
          all;
  }
  return all;
}

}  // namespace quire::nemesis
