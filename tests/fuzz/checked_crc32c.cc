#include <isa-l/crc.h>
#include <sanitizer/asan_interface.h>

#include "common/check.h"
#include "common/crc32c.h"

namespace quire::common {

// The product's function, for the fuzz targets. ISA-L is assembler that the sanitizer does not see
// into: whether the bytes are the caller's to read is asked here.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t crc) {
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  QUIRE_CHECK(bytes.empty() || __asan_region_is_poisoned(data, bytes.size()) == nullptr);
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~crc);
}

}  // namespace quire::common
