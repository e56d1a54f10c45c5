#include "bookie/offline_index.h"

#include <limits>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "common/bytes.h"

namespace quire::bookie {

using common::Result;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

constexpr const char* kFolder = "index";

// The smallest key above every extent of the ledger in the key.
std::string NextLedger(LedgerId ledger) {
  return ExtentKey(ledger, EntryId(std::numeric_limits<std::int64_t>::max())) + '\0';
}

class Walker {
 public:
  Walker(const OfflineIndexDb& db, const IndexVisitor& visitor)
      : visitor_(visitor), cursor_(db.NewCursor(IndexDb::Scope::kAll)) {
    // Where reading may be possible again.
    for (const char kind : {'F', 'M', 'N'}) marks_.insert(std::string(1, kind));
    for (const IndexTable& table : db.Tables()) {
      marks_.insert(table.smallest);
      marks_.insert(table.largest + '\0');
    }
  }

  IndexWalk Run() {
    cursor_->Seek("");
    while (true) {
      for (; cursor_->valid(); cursor_->Next()) {
        last_ = cursor_->key();
        Visit(last_, cursor_->value());
      }
      const auto status = cursor_->status();
      if (status) return std::move(walk_);
      walk_.complete = false;
      if (!Resume(status.error())) return std::move(walk_);
    }
  }

 private:
  // Behind the last key read something is damaged. True: the cursor is at a key again.
  bool Resume(const common::Error& error) {
    const std::string from = last_;
    if (const auto ledger = ParseExtentLedger(from)) {
      if (SeekTo(NextLedger(*ledger))) return Skipped(from, error);
    }
    for (auto mark = marks_.upper_bound(from); mark != marks_.end();
         mark = marks_.upper_bound(last_)) {
      last_ = *mark;
      if (SeekTo(*mark)) return Skipped(from, error);
    }
    Report(from, "the end", error);
    return false;
  }

  bool SeekTo(const std::string& key) {
    cursor_->Seek(key);
    return cursor_->valid();
  }

  bool Skipped(const std::string& from, const common::Error& error) {
    Report(from, Describe(cursor_->key()), error);
    return true;
  }

  void Report(const std::string& from, const std::string& to, const common::Error& error) {
    Finding finding{
        .file = kFolder,
        .what = "cannot be read between " + Describe(from) + " and " + to + ": " + error.ToString(),
        .advice = std::string("entries and ledger states there cannot be served; ") + kOtherCopies};
    finding.ledger = ParseExtentLedger(from);
    Give(std::move(finding));
  }

  void Visit(std::string_view key, std::string_view value) {
    const auto content = OpenValue(key, value);
    if (!content) return Bad(key, content.error());
    if (const auto ledger = ParseExtentLedger(key)) {
      const auto extent = Extent::Decode(*ParseExtentKey(key, *ledger), *content);
      if (!extent) return Bad(key, extent.error());
      if (visitor_.extent) visitor_.extent(*ledger, *extent);
    } else if (const auto stated = ParseNumberKey(key, 'L')) {
      const auto state = DecodeState(*content);
      if (!state) return Bad(key, state.error());
      if (visitor_.state) visitor_.state(LedgerId(static_cast<std::int64_t>(*stated)), *state);
    } else if (const auto segment = ParseNumberKey(key, 'S')) {
      const auto space = DecodeSpace(*content);
      if (!space) return Bad(key, space.error());
      if (visitor_.space) visitor_.space(*segment, *space);
    } else if (const auto block = ParseNumberKey(key, 'T')) {
      const auto bits = DecodeTombstones(*content);
      if (!bits) return Bad(key, bits.error());
      Tombstones tombstones;
      tombstones.InsertBlock(static_cast<std::int64_t>(*block), *bits);
      if (visitor_.tombstones) visitor_.tombstones(tombstones);
    } else if (key == kCommitKey) {
      const auto commit = DecodeCommit(*content);
      if (!commit) return Bad(key, commit.error());
      walk_.commit = *commit;
    } else {
      Bad(key, common::Error(common::Errc::kCorrupt, "a key of an unknown kind"));
    }
  }

  void Bad(std::string_view key, const common::Error& error) {
    walk_.complete = false;
    Finding finding{
        .file = kFolder,
        .what = "the value of " + Describe(key) + " cannot be used: " + error.ToString(),
        .advice = kOtherCopies};
    finding.ledger = ParseExtentLedger(key);
    if (const auto stated = ParseNumberKey(key, 'L')) {
      finding.ledger = LedgerId(static_cast<std::int64_t>(*stated));
    }
    Give(std::move(finding));
  }

  void Give(Finding finding) {
    if (visitor_.finding) visitor_.finding(std::move(finding));
  }

  static std::string Describe(std::string_view key) {
    if (key.empty()) return "the beginning";
    if (const auto ledger = ParseExtentLedger(key)) {
      return "the extent of ledger " + std::to_string(ledger->value()) + " at entry " +
             std::to_string(ParseExtentKey(key, *ledger)->value());
    }
    if (const auto stated = ParseNumberKey(key, 'L')) {
      return "the state of ledger " + std::to_string(*stated);
    }
    if (const auto segment = ParseNumberKey(key, 'S')) {
      return "the space of segment " + std::to_string(*segment);
    }
    if (const auto block = ParseNumberKey(key, 'T')) {
      const std::int64_t first = static_cast<std::int64_t>(*block) * Tombstones::kBlockIds;
      return "the tombstones of ledgers " + std::to_string(first) + " to " +
             std::to_string(first + Tombstones::kBlockIds - 1);
    }
    return key == kCommitKey ? "the commit record" : "a key of an unknown kind";
  }

  const IndexVisitor& visitor_;
  const std::unique_ptr<IndexDb::Cursor> cursor_;
  std::set<std::string> marks_;
  std::string last_;  // key read, or sought in vain
  IndexWalk walk_;
};

}  // namespace

IndexWalk WalkIndex(const OfflineIndexDb& db, const IndexVisitor& visitor) {
  return Walker(db, visitor).Run();
}

}  // namespace quire::bookie
