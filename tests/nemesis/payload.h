#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/random.h"

namespace quire::nemesis {

// "writer/seq;" and filler from `random` up to `size` bytes in all (or the mark alone when that is
// longer). The mark makes each payload of a run unique, the filler makes a torn or mixed one show.
std::string MakePayload(std::string_view writer, std::int64_t seq, std::size_t size,
                        common::Random& random);

// "writer/seq" of a payload; empty when it is none of ours.
std::string_view MarkOf(std::string_view payload);

// The CRC-32 of zlib and Python. Not the store's own checksum: a bug there must not hide itself.
std::uint32_t Crc32(std::string_view bytes);

}  // namespace quire::nemesis
