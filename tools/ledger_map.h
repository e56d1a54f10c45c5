#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metadata/ledger_metadata.h"
#include "protocol/messages.h"

namespace quire::tools {

// The picture of which bookie holds which entries: a row for each bookie, columns for ranges of
// entries as wide as the terminal allows, a border where the ensemble changes.
class LedgerMap {
 public:
  struct Style {
    int width = 80;
    bool unicode = true;
  };

  // What one bookie says it holds; nullopt: it could not be asked.
  using Holdings = std::map<protocol::BookieId, std::optional<std::vector<protocol::EntryRun>>>;

  // `last`: the last entry to show, kNoEntry for none. `addresses` may miss bookies.
  LedgerMap(metadata::LedgerMetadata ledger, protocol::EntryId last,
            std::map<protocol::BookieId, std::string> addresses);

  // Compares with what the bookies really hold: marks what is missing.
  void Verify(Holdings holdings) { holdings_ = std::move(holdings); }

  // Lines with a newline each.
  std::string Draw(const Style& style) const;

  // A bookie's letter: A .. Z, then AA, AB ...
  static std::string Letter(std::size_t row);

 private:
  // A segment clipped to the entries shown, and the columns it got.
  struct Piece {
    std::int64_t first = 0;
    std::int64_t count = 0;
    const metadata::Ensemble* ensemble = nullptr;
    const metadata::Ensemble* before = nullptr;  // the ensemble it replaced
    int columns = 0;
  };
  enum class Mark { kNone, kStriped, kFull, kMissing, kUnknown, kBorder, kLeft, kJoined };
  struct Totals {
    std::int64_t expected = 0;
    std::int64_t found = 0;
    std::int64_t unknown = 0;
  };

  std::vector<Piece> Pieces() const;
  static void Share(std::span<Piece> panel, int columns);
  Mark BorderMark(const Piece& piece, const protocol::BookieId& bookie) const;
  Mark RangeMark(const Piece& piece, int slot, std::int64_t first, std::int64_t end,
                 Totals& totals) const;
  std::string Row(std::span<const Piece> panel, const protocol::BookieId& bookie,
                  const Style& style, Totals& totals) const;
  std::string Panel(std::span<const Piece> panel, const Style& style, Totals& totals) const;
  std::string Ruler(std::span<const Piece> panel, std::size_t indent, const Style& style) const;
  std::string Label(std::size_t row) const;
  std::string Legend(const Style& style) const;

  const metadata::LedgerMetadata ledger_;
  const protocol::EntryId last_;
  const std::map<protocol::BookieId, std::string> addresses_;
  std::vector<protocol::BookieId> rows_;  // in the order they appear in segments
  std::optional<Holdings> holdings_;
};

// Entries e of first <= e < end that the slot holds.
std::int64_t CountInSlot(const protocol::Replication& replication, int slot, std::int64_t first,
                         std::int64_t end);

}  // namespace quire::tools
