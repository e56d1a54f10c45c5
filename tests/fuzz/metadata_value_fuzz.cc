// The other values of the metadata store. Input: the value; its kind byte says what it may be, and
// it is none of the others.

#include <string>

#include "common/check.h"
#include "metadata/bookie_info.h"
#include "metadata/cookie.h"
#include "metadata/ledger_metadata.h"
#include "metadata/value_codec.h"
#include "protocol/wire/metadata_types.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/value_bounds.h"

namespace quire::fuzz {
namespace {

using metadata::ValueKind;

bool CheckCookie(std::string_view value) {
  const auto cookie = metadata::DecodeCookie(value);
  if (!cookie) return false;
  const auto again = metadata::DecodeCookie(metadata::EncodeCookie(*cookie));
  QUIRE_CHECK(again && *again == *cookie);
  return true;
}

bool CheckRegistration(std::string_view value) {
  const auto info = metadata::DecodeRegistration(value, true);
  if (!info) return false;
  QUIRE_CHECK(info->writable && !info->address.empty());
  const auto again = metadata::DecodeRegistration(metadata::EncodeRegistration(*info), true);
  QUIRE_CHECK(again && *again == *info);
  return true;
}

bool CheckInstance(std::string_view value) {
  protocol::wire::Instance instance;
  if (!metadata::DecodeValue(value, ValueKind::kInstance, instance)) return false;
  protocol::wire::Instance again;
  const std::string written = metadata::EncodeValue(ValueKind::kInstance, instance);
  QUIRE_CHECK(metadata::DecodeValue(written, ValueKind::kInstance, again).has_value());
  QUIRE_CHECK(again == instance);
  return true;
}

}  // namespace

void Run(std::string_view input) {
  int kinds = 0;
  {
    const AllocationMeter meter;
    kinds += CheckCookie(input) ? 1 : 0;
    kinds += CheckRegistration(input) ? 1 : 0;
    kinds += CheckInstance(input) ? 1 : 0;
    QUIRE_CHECK(meter.peak() <= kValueHeapAnyway + kValueHeapPerByte * input.size());
  }
  kinds += metadata::DecodeLedger(input) ? 1 : 0;
  QUIRE_CHECK(kinds <= 1);
}

}  // namespace quire::fuzz
