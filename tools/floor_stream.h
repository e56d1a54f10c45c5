#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common/crc32c.h"

namespace quire::tools {

// An entry on the way to a replica of the floor: this header, then the payload. The least that
// still tells a damaged or a missing one.
struct FloorHeader {
  std::uint32_t size = 0;  // of the payload
  std::uint32_t crc = 0;   // of the id and the payload
  std::uint64_t id = 0;    // from 1
};

// The answer: every entry up to this id is on the disk.
using FloorAck = std::uint64_t;

inline std::uint32_t FloorCrc(std::uint64_t id, std::string_view payload) {
  char bytes[sizeof(id)];
  std::memcpy(bytes, &id, sizeof(id));
  return common::Crc32c(payload, common::Crc32c({bytes, sizeof(bytes)}));
}

inline void AppendFloorEntry(std::string& stream, std::uint64_t id, std::string_view payload) {
  const FloorHeader header{
      .size = static_cast<std::uint32_t>(payload.size()), .crc = FloorCrc(id, payload), .id = id};
  stream.append(reinterpret_cast<const char*>(&header), sizeof(header));
  stream.append(payload);
}

}  // namespace quire::tools
