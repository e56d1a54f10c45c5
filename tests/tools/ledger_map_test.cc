#include "tools/ledger_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace quire::tools {
namespace {

using metadata::LedgerMetadata;
using metadata::LedgerState;
using protocol::BookieId;
using protocol::EntryId;
using protocol::EntryRun;
using ::testing::HasSubstr;

constexpr LedgerMap::Style kPlain{.width = 60, .unicode = false};

BookieId Bookie(std::uint64_t n) {
  return {0x1111111111111111ULL * n, n};
}

LedgerMetadata Ledger(protocol::Replication replication,
                      std::map<EntryId, metadata::Ensemble> segments, std::int64_t last) {
  LedgerMetadata ledger;
  ledger.id = protocol::LedgerId(7);
  ledger.replication = replication;
  ledger.state = LedgerState::kClosed;
  ledger.segments = std::move(segments);
  ledger.last_entry = EntryId(last);
  return ledger;
}

std::map<BookieId, std::string> Addresses() {
  return {{Bookie(1), "h1:1"}, {Bookie(2), "h2:2"}, {Bookie(3), "h3:3"}, {Bookie(4), "h4:4"}};
}

// The line of the picture that begins with the letter.
std::string RowOf(const std::string& picture, const std::string& letter) {
  const auto at = picture.find("\n" + letter + "  ");
  EXPECT_NE(at, std::string::npos) << picture;
  const auto end = picture.find('\n', at + 1);
  const std::string line = picture.substr(at + 1, end - at - 1);
  return line.substr(line.rfind(' ') + 1);
}

TEST(LedgerMapTest, ShowsEachEntryOfAShortLedger) {
  const LedgerMap map(Ledger({3, 2, 2}, {{EntryId(0), {Bookie(1), Bookie(2), Bookie(3)}}}, 5),
                      EntryId(5), Addresses());
  const std::string picture = map.Draw(kPlain);
  // Entry e lies on slots e mod 3 and (e + 1) mod 3.
  EXPECT_EQ(RowOf(picture, "A"), "#.##.#");
  EXPECT_EQ(RowOf(picture, "B"), "##.##.");
  EXPECT_EQ(RowOf(picture, "C"), ".##.##");
  EXPECT_THAT(picture, HasSubstr("6 entries (0..5)"));
  EXPECT_THAT(picture, HasSubstr("h2:2"));
}

TEST(LedgerMapTest, ShowsStripesOfALongLedgerWithinTheWidth) {
  const std::int64_t last = 4'000'000'000'000'000'000;
  const LedgerMap map(Ledger({3, 2, 2}, {{EntryId(0), {Bookie(1), Bookie(2), Bookie(3)}}}, last),
                      EntryId(last), Addresses());
  const std::string row = RowOf(map.Draw(kPlain), "B");
  EXPECT_GT(row.size(), 20U);
  EXPECT_LE(row.size(), 60U);
  EXPECT_EQ(row, std::string(row.size(), '='));
}

TEST(LedgerMapTest, MarksWhoLeftAndWhoJoinedAtAnEnsembleChange) {
  const LedgerMap map(
      Ledger({2, 2, 2},
             {{EntryId(0), {Bookie(1), Bookie(2)}}, {EntryId(4), {Bookie(1), Bookie(3)}}}, 6),
      EntryId(6), Addresses());
  const std::string picture = map.Draw(kPlain);
  EXPECT_EQ(RowOf(picture, "A"), "####|###");
  EXPECT_EQ(RowOf(picture, "B"), "####x...");
  EXPECT_EQ(RowOf(picture, "C"), "....+###");
}

TEST(LedgerMapTest, DrawsASegmentWithoutEntriesAndAnEmptyLedger) {
  const LedgerMap trailing(
      Ledger({2, 2, 2},
             {{EntryId(0), {Bookie(1), Bookie(2)}}, {EntryId(2), {Bookie(1), Bookie(3)}}}, 1),
      EntryId(1), Addresses());
  EXPECT_EQ(RowOf(trailing.Draw(kPlain), "A"), "##|");
  const LedgerMap empty(Ledger({2, 2, 2}, {{EntryId(0), {Bookie(1), Bookie(2)}}}, -1), EntryId(-1),
                        Addresses());
  EXPECT_THAT(empty.Draw(kPlain), HasSubstr("no entries"));
}

TEST(LedgerMapTest, GivesEveryOneOfManySegmentsAColumnAndStaysWithinTheWidth) {
  std::map<EntryId, metadata::Ensemble> segments;
  for (int i = 0; i < 100; ++i) {
    segments[EntryId(i * 1000)] = {Bookie(1), Bookie(i % 2 == 0 ? 2 : 3)};
  }
  const LedgerMap map(Ledger({2, 2, 2}, segments, 100'500), EntryId(100'500), Addresses());
  const std::string picture = map.Draw(kPlain);
  std::size_t changes = 0;
  for (std::size_t begin = 0; begin < picture.size();) {
    const auto end = picture.find('\n', begin);
    const std::string line = picture.substr(begin, end - begin);
    EXPECT_LE(line.size(), 75U) << line;
    if (line.starts_with("A  ")) changes += static_cast<std::size_t>(std::ranges::count(line, '|'));
    begin = end + 1;
  }
  EXPECT_EQ(changes, 99U);
}

TEST(LedgerMapTest, MarksWhatABookieDoesNotHoldAndWhomItCouldNotAsk) {
  LedgerMap map(Ledger({3, 2, 2}, {{EntryId(0), {Bookie(1), Bookie(2), Bookie(3)}}}, 5), EntryId(5),
                Addresses());
  map.Verify({{Bookie(1), std::vector{EntryRun{EntryId(0), 1}, EntryRun{EntryId(2), 2},
                                      EntryRun{EntryId(5), 1}}},
              {Bookie(2), std::vector{EntryRun{EntryId(0), 2}, EntryRun{EntryId(4), 1}}},
              {Bookie(3), std::nullopt}});
  const std::string picture = map.Draw(kPlain);
  EXPECT_EQ(RowOf(picture, "A"), "#.##.#");
  EXPECT_EQ(RowOf(picture, "B"), "##.!#.");
  EXPECT_EQ(RowOf(picture, "C"), ".??.??");
  EXPECT_THAT(picture, HasSubstr("12 expected, 7 found, 1 missing, 4 not known"));
}

TEST(LedgerMapTest, CountsTheEntriesOfASlotAsOneByOneCountingDoes) {
  for (const protocol::Replication& r :
       {protocol::Replication{3, 2, 2}, {5, 3, 2}, {4, 4, 3}, {1, 1, 1}}) {
    for (int slot = 0; slot < r.ensemble; ++slot) {
      for (std::int64_t first = 0; first < 12; ++first) {
        for (std::int64_t end = first; end < 30; ++end) {
          std::int64_t expected = 0;
          for (std::int64_t e = first; e < end; ++e) {
            if (InWriteSet(r, EntryId(e), slot)) ++expected;
          }
          ASSERT_EQ(CountInSlot(r, slot, first, end), expected);
        }
      }
    }
  }
}

TEST(LedgerMapTest, LettersGoOnAfterZ) {
  EXPECT_EQ(LedgerMap::Letter(0), "A");
  EXPECT_EQ(LedgerMap::Letter(25), "Z");
  EXPECT_EQ(LedgerMap::Letter(26), "AA");
  EXPECT_EQ(LedgerMap::Letter(27), "AB");
}

}  // namespace
}  // namespace quire::tools
