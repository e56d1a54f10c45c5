#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/check.h"
#include "rpc/frame_codec.h"

namespace quire::fuzz {

// The generated code makes room for a list before it reads its elements, of which each takes at
// least a byte: the largest element, once as Thrift's struct and twice (a growing vector) as ours.
inline constexpr std::size_t kHeapPerByte = 768;
inline constexpr std::size_t kHeapAnyway = 16384;

inline std::string_view BodyOf(const std::string& frame) {
  rpc::Message message;
  QUIRE_CHECK(rpc::ParseMessage(rpc::FirstFrame(frame).frame, message));
  return message.body;
}

}  // namespace quire::fuzz
