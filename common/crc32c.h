#pragma once

#include <cstdint>
#include <string_view>

namespace quire::common {

// CRC-32C (Castagnoli) of the bytes, continued from `crc` (0 to begin). Hardware speed through
// ISA-L.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t crc = 0);

}  // namespace quire::common
