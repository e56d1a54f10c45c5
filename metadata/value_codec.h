#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error.h"

namespace apache::thrift {
class TBase;
}

namespace quire::metadata {

// What a stored value holds; the number is in the value.
enum class ValueKind : std::uint8_t { kLedger = 1, kRegistration = 2, kCookie = 3, kInstance = 4 };

// The frame around every value in the metadata store: the magic "QUIR", a version u16, the kind u8,
// then the struct in Thrift's binary protocol (protocol/metadata.thrift).
std::string EncodeValue(ValueKind kind, const apache::thrift::TBase& body);

// Reads untrusted bytes into `body`. kUnsupported for a version of the future, kCorrupt for
// anything else that is not exactly one struct of that kind; allocates in proportion to the bytes
// at hand only.
common::Result<void> DecodeValue(std::string_view value, ValueKind kind,
                                 apache::thrift::TBase& body);

}  // namespace quire::metadata
