#include "tests/fuzz/wire_walk.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "common/bytes.h"
#include "rpc/wire_reader.h"

namespace quire::fuzz {
namespace {

constexpr int kDepthLimit = 64;  // Thrift's own

class Walker {
 public:
  Walker(std::string_view bytes, int lists_of) : reader_(bytes), lists_of_(lists_of) {}

  std::optional<WireFacts> Run() {
    if (!Struct(1) || !reader_.rest().empty()) return std::nullopt;
    return facts_;
  }

 private:
  bool Struct(int depth) {
    if (!Enter(depth)) return false;
    std::set<std::int16_t> seen;
    for (;;) {
      const auto type = reader_.Big<std::uint8_t>();
      if (!type) return false;
      if (*type == 0) return true;
      const auto id = reader_.Big<std::int16_t>();
      if (!id) return false;
      facts_.field_twice |= !seen.insert(*id).second;
      if (!Value(*type, depth + 1)) return false;
    }
  }

  bool Value(int type, int depth) {
    switch (type) {
      case 2:
      case 3: return reader_.Bytes(1).has_value();
      case 6: return reader_.Bytes(2).has_value();
      case 8: return reader_.Bytes(4).has_value();
      case 4:
      case 10: return reader_.Bytes(8).has_value();
      case 11: {
        const auto size = reader_.Big<std::uint32_t>();
        return size && reader_.Bytes(*size);
      }
      case 12: return Struct(depth);
      case 13: {
        const auto key = reader_.Big<std::uint8_t>();
        const auto value = reader_.Big<std::uint8_t>();
        return key && value && Elements(depth, {*key, *value});
      }
      case 14:
      case 15: {
        const auto element = reader_.Big<std::uint8_t>();
        if (!element) return false;
        facts_.other_lists |= *element != lists_of_;
        return Elements(depth, {*element});
      }
      default: return false;
    }
  }

  bool Elements(int depth, std::initializer_list<int> types) {
    const auto count = reader_.Big<std::uint32_t>();
    if (!Enter(depth) || !count || *count > rpc::kMaxWireElements) return false;
    for (const int type : types) facts_.unnamed_type |= *count == 0 && !Named(type);
    for (std::uint32_t i = 0; i < *count; ++i) {
      for (const int type : types) {
        if (!Value(type, depth + 1)) return false;
      }
    }
    return true;
  }

  static bool Named(int type) {
    constexpr std::array kTypes = {2, 3, 4, 6, 8, 10, 11, 12, 13, 14, 15};
    return std::ranges::find(kTypes, type) != kTypes.end();
  }

  bool Enter(int depth) {
    facts_.depth = std::max(facts_.depth, depth);
    return depth <= kDepthLimit;
  }

  common::ByteReader reader_;
  const int lists_of_;
  WireFacts facts_;
};

}  // namespace

std::optional<WireFacts> WalkStruct(std::string_view bytes, int lists_of) {
  return Walker(bytes, lists_of).Run();
}

}  // namespace quire::fuzz
