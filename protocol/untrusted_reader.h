#pragma once

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TVirtualProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <cstdint>
#include <memory>
#include <string>

namespace quire::protocol {

// Thrift's reader for bytes that nobody vouches for. Thrift 0.17 makes an enum of a type byte
// before it looks whether there is such a type, and allocates the elements of a container before it
// has seen them: here a type must be known, and a container of n elements have n bytes behind it.
// The bytes are checked as they are read, because a list is read by the IDL and not by the element
// type that it declares: a walk over the bytes beforehand would see other values. What is wrong
// throws TProtocolException.
class UntrustedReader final
    : public apache::thrift::protocol::TVirtualProtocol<UntrustedReader,
                                                        apache::thrift::protocol::TBinaryProtocol> {
 public:
  // A string has at most `max_string` bytes, a container `max_elements` elements.
  UntrustedReader(const std::shared_ptr<apache::thrift::transport::TMemoryBuffer>& buffer,
                  std::int32_t max_string, std::uint32_t max_elements)
      : TVirtualProtocol(buffer), max_elements_(max_elements), buffer_(buffer) {
    setStringSizeLimit(max_string);
    setStrict(true, true);
  }

  std::uint32_t readFieldBegin(std::string&, apache::thrift::protocol::TType& type,
                               std::int16_t& id) {
    const std::uint8_t byte = ReadTypeByte();
    if (byte == apache::thrift::protocol::T_STOP) {
      type = apache::thrift::protocol::T_STOP;
      id = 0;
      return 1;
    }
    type = Known(byte);
    return 1 + readI16(id);
  }
  std::uint32_t readMapBegin(apache::thrift::protocol::TType& key,
                             apache::thrift::protocol::TType& value, std::uint32_t& size) {
    key = Known(ReadTypeByte());
    value = Known(ReadTypeByte());
    return 2 + ReadSize(size);
  }
  std::uint32_t readListBegin(apache::thrift::protocol::TType& element, std::uint32_t& size) {
    element = Known(ReadTypeByte());
    return 1 + ReadSize(size);
  }
  std::uint32_t readSetBegin(apache::thrift::protocol::TType& element, std::uint32_t& size) {
    return readListBegin(element, size);
  }

 private:
  std::uint8_t ReadTypeByte() {
    std::int8_t byte = 0;
    readByte(byte);
    return static_cast<std::uint8_t>(byte);
  }
  static apache::thrift::protocol::TType Known(std::uint8_t byte) {
    namespace thrift = apache::thrift::protocol;
    for (const apache::thrift::protocol::TType type :
         {thrift::T_BOOL, thrift::T_BYTE, thrift::T_DOUBLE, thrift::T_I16, thrift::T_I32,
          thrift::T_I64, thrift::T_STRING, thrift::T_STRUCT, thrift::T_MAP, thrift::T_SET,
          thrift::T_LIST}) {
      if (byte == type) return type;
    }
    throw apache::thrift::protocol::TProtocolException(
        apache::thrift::protocol::TProtocolException::INVALID_DATA, "unknown type");
  }
  std::uint32_t ReadSize(std::uint32_t& size) {
    std::int32_t count = 0;
    const std::uint32_t bytes = readI32(count);
    if (count < 0 || static_cast<std::uint32_t>(count) > max_elements_ ||
        static_cast<std::uint32_t>(count) > buffer_->available_read()) {
      throw apache::thrift::protocol::TProtocolException(
          apache::thrift::protocol::TProtocolException::SIZE_LIMIT);
    }
    size = static_cast<std::uint32_t>(count);
    return bytes;
  }

  const std::uint32_t max_elements_;
  const std::shared_ptr<apache::thrift::transport::TMemoryBuffer> buffer_;
};

}  // namespace quire::protocol
