#include "tests/nemesis/copies.h"

#include <gtest/gtest.h>

namespace quire::nemesis {
namespace {

using protocol::BookieId;
using protocol::EntryId;

BookieId Bookie(std::uint64_t number) {
  common::Random random(number);
  return BookieId::Make(random);
}

// Two segments of 3/2/2: entries 0 to 3 on bookies 1, 2 and 3, entries 4 and 5 on 1, 4 and 3.
metadata::LedgerMetadata Ledger() {
  metadata::LedgerMetadata ledger;
  ledger.replication = {3, 2, 2};
  ledger.state = metadata::LedgerState::kClosed;
  ledger.segments[EntryId(0)] = {Bookie(1), Bookie(2), Bookie(3)};
  ledger.segments[EntryId(4)] = {Bookie(1), Bookie(4), Bookie(3)};
  ledger.last_entry = EntryId(5);
  return ledger;
}

Holdings Full() {
  return {{Bookie(1), {{EntryId(0), 1}, {EntryId(2), 2}, {EntryId(5), 1}}},
          {Bookie(2), {{EntryId(0), 2}, {EntryId(3), 1}}},
          {Bookie(3), {{EntryId(1), 2}, {EntryId(4), 2}}},
          {Bookie(4), {{EntryId(4), 1}}}};
}

TEST(Copies, AreAllThereWhereTheMetadataSay) {
  const FewestCopies fewest = CountCopies(Ledger(), Full());
  EXPECT_EQ(fewest.copies, 2);
  EXPECT_EQ(fewest.gone, 0);
}

TEST(Copies, OfTheWrongBookieDoNotCount) {
  Holdings holdings = Full();
  holdings[Bookie(4)].clear();
  holdings[Bookie(2)].push_back({EntryId(4), 1});
  const FewestCopies fewest = CountCopies(Ledger(), holdings);
  EXPECT_EQ(fewest.entry, EntryId(4));
  EXPECT_EQ(fewest.copies, 1);
}

TEST(Copies, OfABookieThatIsGoneAreNotKnown) {
  Holdings holdings = Full();
  holdings.erase(Bookie(4));
  EXPECT_EQ(CountCopies(Ledger(), holdings).copies + CountCopies(Ledger(), holdings).gone, 2);
}

// Entry 1 has one copy and one that may have been; entry 4 has two that may have been.
TEST(Copies, OfTwoBookiesThatAreGoneOneIsBelieved) {
  Holdings holdings = Full();
  holdings.erase(Bookie(3));
  holdings.erase(Bookie(4));
  const FewestCopies fewest = CountCopies(Ledger(), holdings);
  EXPECT_EQ(fewest.entry, EntryId(4));
  EXPECT_EQ(fewest.believed(), 1);
}

TEST(Copies, OfNothingAreNone) {
  metadata::LedgerMetadata ledger = Ledger();
  ledger.segments.erase(EntryId(4));
  ledger.last_entry = protocol::kNoEntry;
  EXPECT_EQ(CountCopies(ledger, Full()).entry, protocol::kNoEntry);
}

}  // namespace
}  // namespace quire::nemesis
