#include "metadata/bookie_info.h"

#include <gtest/gtest.h>

#include "metadata/value_codec.h"
#include "tests/metadata/sample_ledger.h"

namespace quire::metadata {
namespace {

TEST(BookieInfoTest, ARegistrationReadsBackAsItWasWritten) {
  BookieInfo info{.bookie = SampleBookie(3), .address = "host:3181", .writable = false};
  EXPECT_EQ(DecodeRegistration(EncodeRegistration(info), false).value(), info);
  info.http = "host:8081";
  EXPECT_EQ(DecodeRegistration(EncodeRegistration(info), false).value(), info);
}

// Written before registrations had an address of HTTP: magic, version 1, kind 2, the fields 1 and 2
// of the struct, its end.
TEST(BookieInfoTest, ARegistrationWithoutHttpIsThatOfEarlierVersions) {
  const BookieInfo info{.bookie = SampleBookie(3), .address = "h:1"};
  std::string old("QUIR\0\1\2", 7);
  old += std::string("\x0b\0\1\0\0\0\x10", 7) + protocol::ToBytes(info.bookie);
  old += std::string("\x0b\0\2\0\0\0\3h:1\0", 11);
  EXPECT_EQ(EncodeRegistration(info), old);
  EXPECT_EQ(DecodeRegistration(old, true).value(), info);
}

TEST(BookieInfoTest, ARegistrationWithoutBookieOrAddressIsCorrupt) {
  EXPECT_EQ(DecodeRegistration("", true).error().code(), common::Errc::kCorrupt);
  EXPECT_EQ(DecodeRegistration(EncodeRegistration({.bookie = SampleBookie(1), .address = ""}), true)
                .error()
                .code(),
            common::Errc::kCorrupt);
}

}  // namespace
}  // namespace quire::metadata
