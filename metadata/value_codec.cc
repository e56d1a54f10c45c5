#include "metadata/value_codec.h"

#include <thrift/TBase.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <exception>
#include <memory>
#include <optional>

#include "common/bytes.h"
#include "metadata/metadata_store.h"
#include "protocol/untrusted_reader.h"

namespace quire::metadata {
namespace {

using apache::thrift::TConfiguration;
using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::transport::TMemoryBuffer;
using common::Errc;
using common::Fail;

constexpr std::string_view kMagic = "QUIR";
constexpr std::uint16_t kVersion = 1;
// A ledger of this many segments does not fit into kMaxValueBytes.
constexpr std::uint32_t kMaxElements = 1 << 14;
constexpr int kMaxDepth = 16;

std::string KindName(ValueKind kind) {
  switch (kind) {
    case ValueKind::kLedger: return "ledger";
    case ValueKind::kRegistration: return "registration";
    case ValueKind::kCookie: return "cookie";
    case ValueKind::kInstance: return "instance";
  }
  return "unknown";
}

}  // namespace

std::string EncodeValue(ValueKind kind, const apache::thrift::TBase& body) {
  auto buffer = std::make_shared<TMemoryBuffer>();
  TBinaryProtocol protocol(buffer);
  body.write(&protocol);
  std::string value(kMagic);
  common::AppendBig(value, kVersion);
  common::AppendBig(value, static_cast<std::uint8_t>(kind));
  std::uint8_t* bytes = nullptr;
  std::uint32_t size = 0;
  buffer->getBuffer(&bytes, &size);
  value.append(reinterpret_cast<const char*>(bytes), size);
  return value;
}

common::Result<void> DecodeValue(std::string_view value, ValueKind kind,
                                 apache::thrift::TBase& body) {
  const std::string what = "metadata value of kind " + KindName(kind);
  if (value.size() > kMaxValueBytes) return Fail(Errc::kCorrupt, what + " is too large");
  common::ByteReader reader(value);
  if (reader.Bytes(kMagic.size()) != kMagic) return Fail(Errc::kCorrupt, what + " lacks the magic");
  const auto version = reader.Big<std::uint16_t>();
  const auto stored_kind = reader.Big<std::uint8_t>();
  if (!version || !stored_kind) return Fail(Errc::kCorrupt, what + " is cut off");
  if (*version != kVersion) {
    return Fail(*version > kVersion ? Errc::kUnsupported : Errc::kCorrupt,
                what + " has format version " + std::to_string(*version));
  }
  if (*stored_kind != static_cast<std::uint8_t>(kind)) {
    return Fail(Errc::kCorrupt, what + " has kind " + std::to_string(*stored_kind));
  }
  // Thrift wants a pointer to mutable bytes but only reads them (OBSERVE).
  auto* bytes = reinterpret_cast<std::uint8_t*>(const_cast<char*>(reader.rest().data()));
  const auto size = static_cast<std::uint32_t>(reader.rest().size());
  try {
    const auto limits = std::make_shared<TConfiguration>(
        static_cast<int>(kMaxValueBytes), static_cast<int>(kMaxValueBytes), kMaxDepth);
    auto buffer = std::make_shared<TMemoryBuffer>(bytes, size, TMemoryBuffer::OBSERVE, limits);
    protocol::UntrustedReader protocol(buffer, static_cast<std::int32_t>(size), kMaxElements);
    body.read(&protocol);
    if (buffer->available_read() != 0) return Fail(Errc::kCorrupt, what + " has bytes behind it");
  } catch (const std::exception& e) {
    return Fail(Errc::kCorrupt, what + " cannot be read (" + e.what() + ")");
  }
  return {};
}

}  // namespace quire::metadata
