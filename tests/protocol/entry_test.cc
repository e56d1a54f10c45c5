#include "protocol/entry.h"

#include <gtest/gtest.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "protocol/limits.h"

namespace quire::protocol {
namespace {

using common::Errc;

constexpr EntryHeader kHeader{
    .ledger = LedgerId(7), .entry = EntryId(42), .lac = EntryId(40), .length = 1000};

std::string Encoded(const EntryHeader& header, std::string_view payload) {
  std::string bytes;
  EncodeEntry(header, payload, bytes);
  return bytes;
}

TEST(EntryTest, RoundTripsHeaderAndPayload) {
  for (const std::string& payload : {std::string(), std::string("x"), std::string(5000, '\xff')}) {
    const std::string bytes = Encoded(kHeader, payload);
    EXPECT_EQ(bytes.size(), kEntryOverheadBytes + payload.size());
    const auto header = VerifyEntry(bytes, LedgerId(7), EntryId(42));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->ledger, kHeader.ledger);
    EXPECT_EQ(header->entry, kHeader.entry);
    EXPECT_EQ(header->lac, kHeader.lac);
    EXPECT_EQ(header->length, kHeader.length);
    EXPECT_EQ(EntryPayload(bytes), payload);
  }
}

TEST(EntryTest, HasTheLayoutThatIsWrittenDown) {
  const std::string bytes = Encoded({LedgerId(1), EntryId(0x0203), kNoEntry, 4}, "abcd");
  const std::string header(
      "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\2\3\xff\xff\xff\xff\xff\xff\xff\xff"
      "\0\0\0\0\0\0\0\4",
      32);
  EXPECT_EQ(bytes.substr(0, 32), header);
  EXPECT_EQ(bytes.substr(36), "abcd");
  EXPECT_EQ(common::LoadBig<std::uint32_t>(bytes.data() + 32), common::Crc32c(header + "abcd"));
}

// Computed once with another implementation: an entry written today must verify for ever.
TEST(EntryTest, KeepsItsChecksumOverVersions) {
  const std::string bytes = Encoded({LedgerId(1), EntryId(2), EntryId(1), 9}, "123456789");
  EXPECT_EQ(common::LoadBig<std::uint32_t>(bytes.data() + 32), 0xc1704af1u);
}

TEST(EntryTest, AppendsBehindWhatTheBufferHolds) {
  std::string bytes = "before";
  EncodeEntry(kHeader, "payload", bytes);
  EXPECT_EQ(bytes, "before" + Encoded(kHeader, "payload"));
}

TEST(EntryTest, SealsInPlaceWhatEncodeWouldWrite) {
  std::string bytes(kEntryOverheadBytes, 'u');
  bytes += "payload";
  SealEntry(kHeader, bytes);
  EXPECT_EQ(bytes, Encoded(kHeader, "payload"));
}

TEST(EntryTest, DetectsAnyByteThatChanged) {
  const std::string good = Encoded(kHeader, "some payload of an entry");
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      const auto header = VerifyEntry(bad);
      ASSERT_FALSE(header) << "byte " << i;
      EXPECT_EQ(header.error().code(), Errc::kCorrupt);
    }
  }
}

TEST(EntryTest, DetectsAnyMissingOrExtraByte) {
  const std::string good = Encoded(kHeader, "payload");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(VerifyEntry(std::string_view(good).substr(0, size))) << size;
  }
  EXPECT_FALSE(VerifyEntry(good + '\0'));
}

// A bookie that answers with another entry, itself sound, is found out (1.2).
TEST(EntryTest, RefusesAnEntryThatWasNotAskedFor) {
  const std::string bytes = Encoded(kHeader, "payload");
  EXPECT_TRUE(VerifyEntry(bytes));
  EXPECT_FALSE(VerifyEntry(bytes, LedgerId(8), EntryId(42)));
  EXPECT_FALSE(VerifyEntry(bytes, LedgerId(7), EntryId(41)));
}

TEST(EntryTest, RefusesHeadersThatMakeNoSense) {
  EXPECT_FALSE(VerifyEntry(Encoded({LedgerId(-1), EntryId(0), kNoEntry, 0}, "")));
  EXPECT_FALSE(VerifyEntry(Encoded({LedgerId(1), EntryId(-1), kNoEntry, 0}, "")));
  EXPECT_FALSE(VerifyEntry(Encoded({LedgerId(1), EntryId(3), EntryId(3), 0}, "")));
  EXPECT_FALSE(VerifyEntry(Encoded({LedgerId(1), EntryId(3), EntryId(-2), 0}, "")));
  EXPECT_FALSE(VerifyEntry(Encoded({LedgerId(1), EntryId(3), EntryId(2), -1}, "")));
  EXPECT_FALSE(VerifyEntry(Encoded({LedgerId(1), EntryId(INT64_MAX), kNoEntry, 0}, "")));
  EXPECT_TRUE(VerifyEntry(Encoded({LedgerId(1), EntryId(INT64_MAX - 1), kNoEntry, 0}, "")));
  EXPECT_TRUE(VerifyEntry(Encoded({LedgerId(0), EntryId(0), kNoEntry, 0}, "")));
}

// A18
TEST(EntryTest, AllowsTheLargestPayloadAndNotOneByteMore) {
  EXPECT_TRUE(VerifyEntry(Encoded(kHeader, std::string(kMaxPayloadBytes, 'p'))));
  EXPECT_FALSE(VerifyEntry(Encoded(kHeader, std::string(kMaxPayloadBytes + 1, 'p'))));
}

TEST(LacRecordTest, RoundTrips) {
  for (const EntryId lac : {kNoEntry, EntryId(0), EntryId(INT64_MAX - 1)}) {
    const std::string record = EncodeLac(LedgerId(5), lac);
    EXPECT_EQ(record.size(), kLacRecordBytes);
    const auto read = VerifyLac(record, LedgerId(5));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, lac);
  }
}

TEST(LacRecordTest, IsRefusedWhenDamagedOrOfAnotherLedger) {
  const std::string record = EncodeLac(LedgerId(5), EntryId(9));
  EXPECT_FALSE(VerifyLac(record, LedgerId(6)));
  EXPECT_FALSE(VerifyLac(record.substr(1), LedgerId(5)));
  EXPECT_FALSE(VerifyLac(record + '\0', LedgerId(5)));
  EXPECT_FALSE(VerifyLac(EncodeLac(LedgerId(5), EntryId(-2)), LedgerId(5)));
  EXPECT_FALSE(VerifyLac(EncodeLac(LedgerId(5), EntryId(INT64_MAX)), LedgerId(5)));
  for (std::size_t i = 0; i < record.size(); ++i) {
    std::string bad = record;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_FALSE(VerifyLac(bad, LedgerId(5))) << "byte " << i;
  }
}

}  // namespace
}  // namespace quire::protocol
