#include <gtest/gtest.h>

#include "common/random.h"
#include "metadata/bookie_info.h"
#include "metadata/cookie.h"
#include "metadata/ledger_metadata.h"
#include "metadata/metadata_store.h"
#include "tests/metadata/sample_ledger.h"

namespace quire::metadata {
namespace {

using common::Errc;
using protocol::EntryId;

std::vector<LedgerMetadata> Samples() {
  std::vector<LedgerMetadata> samples(5, SampleLedger());
  samples[1].segments[EntryId(7)] = {SampleBookie(4), SampleBookie(2), SampleBookie(3)};
  samples[1].state = LedgerState::kInRecovery;
  samples[1].recovery_claims = 3;
  samples[2].state = LedgerState::kClosed;
  samples[2].last_entry = EntryId(41);
  samples[2].length = 12345;
  samples[3].state = LedgerState::kClosed;  // empty (T-21)
  samples[3].custom.clear();
  samples[4].state = LedgerState::kDeleted;
  samples[4].last_entry = EntryId(5);
  samples[4].deleted_ms = 77;
  return samples;
}

TEST(LedgerCodecTest, ReadsWhatItWrote) {
  for (const LedgerMetadata& ledger : Samples()) {
    const auto read = DecodeLedger(EncodeLedger(ledger));
    ASSERT_TRUE(read) << read.error().ToString();
    EXPECT_EQ(*read, ledger);
  }
}

TEST(LedgerCodecTest, RefusesEveryTruncationAndAnythingBehind) {
  for (const LedgerMetadata& ledger : Samples()) {
    const std::string value = EncodeLedger(ledger);
    for (std::size_t size = 0; size < value.size(); ++size) {
      const auto read = DecodeLedger(std::string_view(value).substr(0, size));
      ASSERT_FALSE(read) << size;
      EXPECT_EQ(read.error().code(), Errc::kCorrupt);
    }
    EXPECT_FALSE(DecodeLedger(value + '\0'));
  }
}

TEST(LedgerCodecTest, NeverReturnsAnUnsoundLedgerFromDamagedBytes) {
  common::Random random(20);
  const auto samples = Samples();
  int accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string value = EncodeLedger(samples[common::Below(random, samples.size())]);
    for (auto changes = 1 + common::Below(random, 4); changes > 0; --changes) {
      const auto at = common::Below(random, value.size());
      switch (common::Below(random, 4)) {
        case 0: value[at] = static_cast<char>(random()); break;
        case 1: value[at] = static_cast<char>(value[at] ^ 1 << common::Below(random, 8)); break;
        case 2: value.erase(at, 1 + common::Below(random, 8)); break;
        default: value.insert(at, 1 + common::Below(random, 8), static_cast<char>(random()));
      }
      if (value.empty()) break;
    }
    const auto read = DecodeLedger(value);
    if (!read) continue;
    ++accepted;
    ASSERT_TRUE(read->Check());
    ASSERT_EQ(*DecodeLedger(EncodeLedger(*read)), *read);
  }
  EXPECT_GT(accepted, 0);  // some damage is to the custom bytes
}

// An 8-byte container header must not make the process allocate gigabytes.
TEST(LedgerCodecTest, RefusesDeclaredSizesThatAreNotThere) {
  const std::string head("QUIR\0\1\1", 7);
  const std::string segments("\x0f\0\x07\x0c", 4);    // field 7, list of structs
  const std::string custom("\x0d\0\x0b\x0b\x0b", 5);  // field 11, map of strings
  const std::string key("\x0b\0\x02", 3);             // field 2, string
  for (const std::string& field : {segments, custom, key}) {
    for (const auto* size :
         {"\x7f\xff\xff\xff", "\x20\x00\x00\x01", "\xff\xff\xff\xff", "\0\1\0\0"}) {
      EXPECT_FALSE(DecodeLedger(head + field + std::string(size, 4)));
    }
  }
  EXPECT_FALSE(DecodeLedger(head + std::string(20'000, '\x0c')));  // structs in structs
  EXPECT_FALSE(DecodeLedger(std::string(kMaxValueBytes + 1, 'x')));
}

TEST(LedgerCodecTest, SaysThatAFutureVersionIsNotSupported) {
  std::string value = EncodeLedger(SampleLedger());
  value[5] = 2;
  EXPECT_EQ(DecodeLedger(value).error().code(), Errc::kUnsupported);
}

TEST(LedgerCodecTest, TellsTheKindsOfValuesApart) {
  const Cookie cookie{{1, 2}, {3, 4}, "host", "/data/bookie", 5};
  const BookieInfo info{{3, 4}, "host:3181", false};
  EXPECT_EQ(DecodeCookie(EncodeCookie(cookie)).value(), cookie);
  EXPECT_EQ(DecodeRegistration(EncodeRegistration(info), false).value(), info);
  EXPECT_EQ(DecodeCookie(EncodeRegistration(info)).error().code(), Errc::kCorrupt);
  EXPECT_EQ(DecodeRegistration(EncodeCookie(cookie), true).error().code(), Errc::kCorrupt);
  EXPECT_EQ(DecodeLedger(EncodeCookie(cookie)).error().code(), Errc::kCorrupt);
  EXPECT_EQ(DecodeCookie("").error().code(), Errc::kCorrupt);
  Cookie replaced = cookie;
  replaced.replaced_by = {.high = 5, .low = 6};
  replaced.replaced_ms = 7;
  EXPECT_EQ(DecodeCookie(EncodeCookie(replaced)).value(), replaced);
  for (std::size_t size = 0; size < EncodeCookie(cookie).size(); ++size) {
    EXPECT_FALSE(DecodeCookie(EncodeCookie(cookie).substr(0, size)));
  }
}

TEST(CookieFileTest, KnowsEveryDamagedByteAndReadsTheOldForm) {
  const Cookie cookie{{1, 2}, {3, 4}, "host", "/data/bookie", 5};
  const std::string file = EncodeCookieFile(cookie);
  EXPECT_EQ(DecodeCookieFile(file).value(), cookie);
  EXPECT_EQ(DecodeCookieFile(EncodeCookie(cookie)).value(), cookie) << "without a checksum";
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_FALSE(DecodeCookieFile(damaged)) << at;
    EXPECT_FALSE(DecodeCookieFile(file.substr(0, at))) << at;
  }
}

}  // namespace
}  // namespace quire::metadata
