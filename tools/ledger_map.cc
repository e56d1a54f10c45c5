#include "tools/ledger_map.h"

#include <algorithm>

#include "tools/console.h"

namespace quire::tools {

using metadata::Ensemble;
using metadata::LedgerMetadata;
using protocol::BookieId;
using protocol::EntryId;
using protocol::EntryRun;
using protocol::Replication;

namespace {

constexpr int kLeastColumns = 20;
constexpr int kLeastPerSegment = 4;

int SlotOf(const Ensemble& ensemble, const BookieId& bookie) {
  const auto found = std::find(ensemble.begin(), ensemble.end(), bookie);
  return found == ensemble.end() ? -1 : static_cast<int>(found - ensemble.begin());
}

// Entries below `end` that the slot holds: whole rounds of E entries, and the rest one by one.
std::int64_t CountBelow(const Replication& r, int slot, std::int64_t end) {
  std::int64_t count = end / r.ensemble * r.write_quorum;
  for (std::int64_t e = end - end % r.ensemble; e < end; ++e) {
    if (InWriteSet(r, EntryId(e), slot)) ++count;
  }
  return count;
}

}  // namespace

std::int64_t CountInSlot(const Replication& replication, int slot, std::int64_t first,
                         std::int64_t end) {
  return first >= end ? 0
                      : CountBelow(replication, slot, end) - CountBelow(replication, slot, first);
}

LedgerMap::LedgerMap(LedgerMetadata ledger, EntryId last, std::map<BookieId, std::string> addresses)
    : ledger_(std::move(ledger)), last_(last), addresses_(std::move(addresses)) {
  for (const auto& [first, ensemble] : ledger_.segments) {
    for (const BookieId& bookie : ensemble) {
      if (std::find(rows_.begin(), rows_.end(), bookie) == rows_.end()) rows_.push_back(bookie);
    }
  }
}

std::string LedgerMap::Letter(std::size_t row) {
  std::string letter(1, static_cast<char>('A' + row % 26));
  while (row >= 26) {
    row = row / 26 - 1;
    letter.insert(0, 1, static_cast<char>('A' + row % 26));
  }
  return letter;
}

std::vector<LedgerMap::Piece> LedgerMap::Pieces() const {
  std::vector<Piece> pieces;
  const Ensemble* before = nullptr;
  for (auto it = ledger_.segments.begin(); it != ledger_.segments.end(); ++it) {
    const auto next = std::next(it);
    const std::int64_t shown_end = last_.value() + 1;
    const std::int64_t end =
        next == ledger_.segments.end() ? shown_end : std::min(next->first.value(), shown_end);
    pieces.push_back({.first = it->first.value(),
                      .count = std::max<std::int64_t>(0, end - it->first.value()),
                      .ensemble = &it->second,
                      .before = before,
                      .columns = 0});
    before = &it->second;
  }
  return pieces;
}

// Columns in proportion to the entries, but each segment can be seen, and none is wider than it has
// entries.
void LedgerMap::Share(std::span<Piece> panel, int columns) {
  std::int64_t entries = 0;
  for (const Piece& piece : panel) entries += piece.count;
  const int least =
      std::max(1, std::min(kLeastPerSegment, columns / static_cast<int>(panel.size())));
  int spare = columns;
  for (Piece& piece : panel) {
    piece.columns = static_cast<int>(std::min<std::int64_t>(piece.count, least));
    spare -= piece.columns;
  }
  const int to_share = spare;
  for (Piece& piece : panel) {
    const double fair = entries == 0
                            ? 0
                            : static_cast<double>(to_share) * static_cast<double>(piece.count) /
                                  static_cast<double>(entries);
    const auto more =
        std::min<std::int64_t>(static_cast<std::int64_t>(fair), piece.count - piece.columns);
    piece.columns += static_cast<int>(more);
    spare -= static_cast<int>(more);
  }
  for (Piece& piece : panel) {
    const auto more = std::min<std::int64_t>(spare, piece.count - piece.columns);
    piece.columns += static_cast<int>(more);
    spare -= static_cast<int>(more);
  }
}

LedgerMap::Mark LedgerMap::BorderMark(const Piece& piece, const BookieId& bookie) const {
  const bool was = piece.before != nullptr && SlotOf(*piece.before, bookie) >= 0;
  const bool is = SlotOf(*piece.ensemble, bookie) >= 0;
  if (was && !is) return Mark::kLeft;
  return is && !was ? Mark::kJoined : Mark::kBorder;
}

LedgerMap::Mark LedgerMap::RangeMark(const Piece& piece, int slot, std::int64_t first,
                                     std::int64_t end, Totals& totals) const {
  if (slot < 0) return Mark::kNone;
  const std::int64_t expected = CountInSlot(ledger_.replication, slot, first, end);
  // Columns of a few entries each would show a pattern that is not there.
  const bool whole_entries = piece.count <= piece.columns;
  if (expected == 0) return whole_entries ? Mark::kNone : Mark::kStriped;
  const bool full = ledger_.replication.write_quorum == ledger_.replication.ensemble;
  const Mark whole = full || whole_entries ? Mark::kFull : Mark::kStriped;
  if (!holdings_) return whole;
  totals.expected += expected;
  const auto held = holdings_->find((*piece.ensemble)[static_cast<std::size_t>(slot)]);
  if (held == holdings_->end() || !held->second) {
    totals.unknown += expected;
    return Mark::kUnknown;
  }
  // Runs ascend: begin with the first that ends above `first`.
  const std::vector<EntryRun>& runs = *held->second;
  auto run = std::partition_point(runs.begin(), runs.end(), [&](const EntryRun& r) {
    return r.first.value() + r.count <= first;
  });
  std::int64_t found = 0;
  for (; run != runs.end() && run->first.value() < end; ++run) {
    found += CountInSlot(ledger_.replication, slot, std::max(first, run->first.value()),
                         std::min(end, run->first.value() + run->count));
  }
  totals.found += found;
  return found < expected ? Mark::kMissing : whole;
}

namespace {

// In the order of Mark.
constexpr const char* kUnicodeMarks[] = {"·", "▒", "█", "!", "?", "│", "╳", "├"};
constexpr const char* kAsciiMarks[] = {".", "=", "#", "!", "?", "|", "x", "+"};

}  // namespace

std::string LedgerMap::Row(std::span<const Piece> panel, const BookieId& bookie, const Style& style,
                           Totals& totals) const {
  std::string text;
  const auto put = [&](Mark mark) {
    text += (style.unicode ? kUnicodeMarks : kAsciiMarks)[static_cast<std::size_t>(mark)];
  };
  for (const Piece& piece : panel) {
    if (piece.before != nullptr) put(BorderMark(piece, bookie));
    const int slot = SlotOf(*piece.ensemble, bookie);
    for (int column = 0; column < piece.columns; ++column) {
      // 128 bits: the product may not fit 64.
      const auto cut = [&](int at) {
        return piece.first +
               static_cast<std::int64_t>(static_cast<__int128>(piece.count) * at / piece.columns);
      };
      put(RangeMark(piece, slot, cut(column), cut(column + 1), totals));
    }
  }
  return text;
}

std::string LedgerMap::Label(std::size_t row) const {
  const auto address = addresses_.find(rows_[row]);
  return Letter(row) + "  " +
         (address == addresses_.end() || address->second.empty() ? "(not registered)"
                                                                 : address->second) +
         "  " + protocol::ToHex(rows_[row]).substr(0, 8);
}

// The first entry of each segment above its first column, as far as there is room.
std::string LedgerMap::Ruler(std::span<const Piece> panel, std::size_t indent,
                             const Style& style) const {
  std::string line(indent, ' ');
  std::size_t at = indent;
  for (const Piece& piece : panel) {
    if (piece.before != nullptr) ++at;
    if (line.size() <= at) {
      line.append(at - line.size(), ' ');
      const std::string number = std::to_string(piece.first);
      if (at + number.size() <= static_cast<std::size_t>(style.width)) line += number + " ";
    }
    at += static_cast<std::size_t>(piece.columns);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string LedgerMap::Panel(std::span<const Piece> panel, const Style& style,
                             Totals& totals) const {
  std::size_t widest = 0;
  for (std::size_t row = 0; row < rows_.size(); ++row) widest = std::max(widest, Label(row).size());
  const std::size_t indent = widest + 2;
  std::string text = Ruler(panel, indent, style);
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const std::string label = Label(row);
    text += label + std::string(indent - label.size(), ' ') +
            Row(panel, rows_[row], style, totals) + "\n";
  }
  return text;
}

std::string LedgerMap::Legend(const Style& style) const {
  const auto& marks = style.unicode ? kUnicodeMarks : kAsciiMarks;
  std::string text = std::string(marks[2]) + " every entry   " + marks[1] +
                     " its share of the stripes   " + marks[0] + " none";
  if (ledger_.segments.size() > 1) {
    text += std::string("\n") + marks[5] + " the ensemble changed here: " + marks[6] +
            " left it, " + marks[7] + " joined it";
  }
  if (holdings_) text += "\n! entries are missing   ? could not be asked";
  return text + "\n";
}

std::string LedgerMap::Draw(const Style& style) const {
  const Replication& r = ledger_.replication;
  std::string text =
      "ledger " + std::to_string(ledger_.id.value()) + ": " +
      std::string(StateName(ledger_.state)) + ", " +
      (last_ == protocol::kNoEntry ? "no entries"
                                   : HumanCount(last_.value() + 1) + " entries (0.." +
                                         std::to_string(last_.value()) + ")") +
      ", E=" + std::to_string(r.ensemble) + " Qw=" + std::to_string(r.write_quorum) +
      " Qa=" + std::to_string(r.ack_quorum) +
      ", segments: " + std::to_string(ledger_.segments.size()) + "\n\n";
  std::size_t indent = 2;
  for (std::size_t row = 0; row < rows_.size(); ++row)
    indent = std::max(indent, Label(row).size() + 2);
  const int columns = std::max(kLeastColumns, style.width - static_cast<int>(indent));

  // As many segments side by side as can be told apart; the next ones below.
  auto pieces = Pieces();
  const std::size_t per_panel = static_cast<std::size_t>(columns / (kLeastPerSegment + 1));
  Totals totals;
  for (std::size_t begin = 0; begin < pieces.size(); begin += per_panel) {
    const auto panel = std::span(pieces).subspan(begin, std::min(per_panel, pieces.size() - begin));
    Share(panel, columns - static_cast<int>(panel.size()));
    text += Panel(panel, style, totals) + "\n";
  }
  if (holdings_) {
    text += "copies: " + HumanCount(totals.expected) + " expected, " + HumanCount(totals.found) +
            " found, " + HumanCount(totals.expected - totals.found - totals.unknown) +
            " missing, " + HumanCount(totals.unknown) + " not known\n";
  }
  return text + Legend(style);
}

}  // namespace quire::tools
