#include "metadata/value_codec.h"

#include <thrift/TBase.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TVirtualProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <exception>
#include <memory>
#include <optional>

#include "common/bytes.h"
#include "metadata/metadata_store.h"

namespace quire::metadata {
namespace {

using apache::thrift::TConfiguration;
using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::protocol::TProtocolException;
using apache::thrift::protocol::TType;
using apache::thrift::protocol::TVirtualProtocol;
using apache::thrift::transport::TMemoryBuffer;
using common::Errc;
using common::Fail;

constexpr std::string_view kMagic = "QUIR";
constexpr std::uint16_t kVersion = 1;
// A ledger of this many segments does not fit into kMaxValueBytes.
constexpr std::int32_t kMaxElements = 1 << 14;
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

// Thrift's reader for bytes that nobody vouches for. Thrift 0.17 makes an enum of a type byte
// before it looks whether there is such a type, and allocates the elements of a container before it
// has seen them: here a type must be known, and a container of n elements have at least n bytes
// behind it.
class UntrustedReader final : public TVirtualProtocol<UntrustedReader, TBinaryProtocol> {
 public:
  UntrustedReader(const std::shared_ptr<TMemoryBuffer>& buffer, std::int32_t max_string)
      : TVirtualProtocol(buffer), buffer_(buffer) {
    setStringSizeLimit(max_string);
    setStrict(true, true);
  }

  std::uint32_t readFieldBegin(std::string&, TType& type, std::int16_t& id) {
    const std::uint8_t byte = ReadTypeByte();
    if (byte == apache::thrift::protocol::T_STOP) {
      type = apache::thrift::protocol::T_STOP;
      id = 0;
      return 1;
    }
    type = Known(byte);
    return 1 + readI16(id);
  }
  std::uint32_t readMapBegin(TType& key, TType& value, std::uint32_t& size) {
    key = Known(ReadTypeByte());
    value = Known(ReadTypeByte());
    return 2 + ReadSize(size);
  }
  std::uint32_t readListBegin(TType& element, std::uint32_t& size) {
    element = Known(ReadTypeByte());
    return 1 + ReadSize(size);
  }
  std::uint32_t readSetBegin(TType& element, std::uint32_t& size) {
    return readListBegin(element, size);
  }

 private:
  std::uint8_t ReadTypeByte() {
    std::int8_t byte = 0;
    readByte(byte);
    return static_cast<std::uint8_t>(byte);
  }
  static TType Known(std::uint8_t byte) {
    namespace thrift = apache::thrift::protocol;
    for (const TType type : {thrift::T_BOOL, thrift::T_BYTE, thrift::T_DOUBLE, thrift::T_I16,
                             thrift::T_I32, thrift::T_I64, thrift::T_STRING, thrift::T_STRUCT,
                             thrift::T_MAP, thrift::T_SET, thrift::T_LIST}) {
      if (byte == type) return type;
    }
    throw TProtocolException(TProtocolException::INVALID_DATA, "unknown type");
  }
  std::uint32_t ReadSize(std::uint32_t& size) {
    std::int32_t count = 0;
    const std::uint32_t bytes = readI32(count);
    if (count < 0 || count > kMaxElements ||
        static_cast<std::uint32_t>(count) > buffer_->available_read()) {
      throw TProtocolException(TProtocolException::SIZE_LIMIT);
    }
    size = static_cast<std::uint32_t>(count);
    return bytes;
  }

  const std::shared_ptr<TMemoryBuffer> buffer_;
};

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
    UntrustedReader protocol(buffer, static_cast<std::int32_t>(size));
    body.read(&protocol);
    if (buffer->available_read() != 0) return Fail(Errc::kCorrupt, what + " has bytes behind it");
  } catch (const std::exception& e) {
    return Fail(Errc::kCorrupt, what + " cannot be read (" + e.what() + ")");
  }
  return {};
}

}  // namespace quire::metadata
