#pragma once

#include <cstdint>
#include <string_view>

#include "common/bytes.h"

namespace quire::rpc {

// Types of the Thrift binary protocol as they stand on the wire.
enum class WireType : std::uint8_t {
  kStop = 0,
  kBool = 2,
  kByte = 3,
  kDouble = 4,
  kI16 = 6,
  kI32 = 8,
  kI64 = 10,
  kBinary = 11,
  kStruct = 12,
  kMap = 13,
  kSet = 14,
  kList = 15,
};

struct WireField {
  WireType type = WireType::kStop;
  std::int16_t id = 0;

  bool Is(std::int16_t wanted, WireType as) const { return id == wanted && type == as; }
};

// Elements of one list, set or map of the wire; more is malformed.
inline constexpr std::uint32_t kMaxWireElements = 10000;
// Structs and containers inside each other; more is malformed.
inline constexpr int kMaxWireDepth = 16;

// Walks untrusted bytes of the Thrift binary protocol without copying: binaries come out as views.
// Every size is checked against the bytes that are left before it is used. The first violation
// makes the reader fail for good: it then answers zeros and ends of structs, so that a walk needs
// one look at ok() at its end.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  void Fail() {
    ok_ = false;
    rest_ = {};
  }

  // The header of the next field of the struct that is being read; false at its end.
  bool NextField(WireField& field) {
    field.type = static_cast<WireType>(Fixed<std::uint8_t>());
    if (field.type == WireType::kStop) return false;
    field.id = Fixed<std::int16_t>();
    return ok_;
  }

  bool Bool() { return Fixed<std::uint8_t>() != 0; }
  std::int32_t I32() { return Fixed<std::int32_t>(); }

  std::string_view Binary() {
    const auto size = Fixed<std::uint32_t>();
    if (size > rest_.size()) {
      Fail();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  // The size of a list of the expected type; 0 after a failure.
  std::uint32_t List(WireType element, std::uint32_t min_element_bytes) {
    const auto type = static_cast<WireType>(Fixed<std::uint8_t>());
    const auto count = Fixed<std::uint32_t>();
    if (count > kMaxWireElements || (count > 0 && type != element) ||
        std::uint64_t{count} * min_element_bytes > rest_.size()) {
      Fail();
      return 0;
    }
    return count;
  }

  // Passes over a value that nobody asked for.
  void Skip(WireType type) { Skip(type, 0); }

 private:
  template <typename T>
  T Fixed() {
    if (rest_.size() < sizeof(T)) {
      Fail();
      return 0;
    }
    const T value = common::LoadBig<T>(&rest_.front());
    rest_.remove_prefix(sizeof(T));
    return value;
  }

  void Skip(WireType type, int depth);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace quire::rpc
