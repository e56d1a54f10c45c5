#include "common/crc32c.h"

#include <isa-l/crc.h>

namespace quire::common {

std::uint32_t Crc32c(std::string_view bytes, std::uint32_t crc) {
  // ISA-L takes an int length and a non-const pointer it does not write through, and leaves the
  // inversion at both ends to the caller.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~crc);
}

}  // namespace quire::common
