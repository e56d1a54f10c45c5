#pragma once

#include <cstddef>

namespace quire::protocol {

// Bounds that both ends of the wire know. Changing one is a change of protocol.
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{1} << 20;  // of one entry
inline constexpr int kMaxEnsembleSize = 32;              // one bit a slot in an ack set
inline constexpr std::size_t kMaxEntriesPerCall = 4096;  // adds or reads in one frame
inline constexpr std::size_t kMaxReadReplyBytes = std::size_t{2} << 20;  // asked for by one read
// The largest frame is a read reply that goes over its bound by one entry.
inline constexpr std::size_t kMaxFrameBytes = std::size_t{4} << 20;
// The longest that a busy bookie asks its callers to stay away.
inline constexpr int kMaxRetryAfterMs = 1000;

}  // namespace quire::protocol
