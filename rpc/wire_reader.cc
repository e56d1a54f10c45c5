#include "rpc/wire_reader.h"

namespace quire::rpc {

// Every value takes at least one byte, so the work is bounded by the size of the frame.
void WireReader::Skip(WireType type, int depth) {
  if (depth >= kMaxWireDepth) return Fail();
  switch (type) {
    case WireType::kBool:
    case WireType::kByte: Fixed<std::uint8_t>(); return;
    case WireType::kI16: Fixed<std::uint16_t>(); return;
    case WireType::kI32: Fixed<std::uint32_t>(); return;
    case WireType::kI64:
    case WireType::kDouble: Fixed<std::uint64_t>(); return;
    case WireType::kBinary: Binary(); return;
    case WireType::kStruct:
      for (WireField field; NextField(field);) Skip(field.type, depth + 1);
      return;
    case WireType::kMap: {
      const auto key = static_cast<WireType>(Fixed<std::uint8_t>());
      const auto value = static_cast<WireType>(Fixed<std::uint8_t>());
      const auto count = Fixed<std::uint32_t>();
      if (count > kMaxWireElements) return Fail();
      for (std::uint32_t i = 0; i < count && ok_; ++i) {
        Skip(key, depth + 1);
        Skip(value, depth + 1);
      }
      return;
    }
    case WireType::kSet:
    case WireType::kList: {
      const auto element = static_cast<WireType>(Fixed<std::uint8_t>());
      const auto count = Fixed<std::uint32_t>();
      if (count > kMaxWireElements) return Fail();
      for (std::uint32_t i = 0; i < count && ok_; ++i) Skip(element, depth + 1);
      return;
    }
    case WireType::kStop: break;
  }
  Fail();
}

}  // namespace quire::rpc
