#pragma once

#include <cstddef>

namespace quire::fuzz {

// Room for a container is made before its elements are read, of which each takes at least a byte:
// the largest element, as Thrift's struct and as ours, and the text of an error.
inline constexpr std::size_t kValueHeapPerByte = 256;
inline constexpr std::size_t kValueHeapAnyway = 16384;

}  // namespace quire::fuzz
