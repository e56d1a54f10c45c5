#include "tests/support/sim_file_data.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/check.h"

namespace quire::testing {

void SimFileData::Put(std::string& to, std::uint64_t offset, std::string_view bytes) {
  if (to.size() < offset + bytes.size()) to.resize(offset + bytes.size());
  if (!bytes.empty()) std::memcpy(to.data() + offset, bytes.data(), bytes.size());
}

void SimFileData::Write(std::uint64_t offset, std::string_view bytes, bool lost) {
  Put(bytes_, offset, bytes);
  pending_.push_back({offset, std::string(bytes), lost});
}

void SimFileData::Grow(std::uint64_t bytes) {
  if (bytes <= bytes_.size()) return;
  bytes_.resize(bytes);
  pending_.push_back({bytes, "", false});
}

// Older pending writes to the same place stay pending in front of it; a crash may not bring their
// bytes back over newer durable ones, so what they share with it is overwritten in them.
void SimFileData::SyncLastWrite() {
  QUIRE_CHECK(!pending_.empty());
  const Pending last = std::move(pending_.back());
  pending_.pop_back();
  Put(durable_, last.offset, last.bytes);
  const std::uint64_t end = last.offset + last.bytes.size();
  for (Pending& older : pending_) {
    const std::uint64_t from = std::max(older.offset, last.offset);
    const std::uint64_t to = std::min(older.offset + older.bytes.size(), end);
    if (from < to) {
      std::memcpy(older.bytes.data() + (from - older.offset),
                  last.bytes.data() + (from - last.offset), to - from);
    }
  }
  std::erase_if(pending_, [&](const Pending& older) {
    return !older.bytes.empty() && older.offset >= last.offset &&
           older.offset + older.bytes.size() <= end;
  });
}

void SimFileData::Sync() {
  for (const Pending& write : pending_) {
    if (!write.lost) Put(durable_, write.offset, write.bytes);
  }
  std::erase_if(pending_, [](const Pending& write) { return !write.lost; });
}

void SimFileData::LosePending() {
  for (Pending& write : pending_) write.lost = true;
}

void SimFileData::Crash(common::Random& random) {
  for (const Pending& write : pending_) {
    const std::uint64_t fate = common::Below(random, 3);
    if (fate == 0) continue;
    if (fate == 1 || write.bytes.empty()) {
      Put(durable_, write.offset, write.bytes);
      continue;
    }
    const std::uint64_t end = write.offset + write.bytes.size();
    for (std::uint64_t at = write.offset; at < end;) {
      const std::uint64_t next = std::min(end, at - at % kSectorBytes + kSectorBytes);
      if (common::Below(random, 2) == 0) {
        const std::string_view all = write.bytes;
        Put(durable_, at, all.substr(at - write.offset, next - at));
      }
      at = next;
    }
  }
  pending_.clear();
  bytes_ = durable_;
}

void SimFileData::CrashInOrder(common::Random& random) {
  std::uint64_t bytes = 0;
  for (const Pending& write : pending_) bytes += write.bytes.size();
  // All and nothing are as likely as every way between them.
  const std::uint64_t fate = common::Below(random, 3);
  std::uint64_t survive = fate == 0 ? 0 : fate == 1 ? bytes : common::Below(random, bytes + 1);
  for (const Pending& write : pending_) {
    const std::uint64_t part = std::min<std::uint64_t>(survive, write.bytes.size());
    if (part > 0) Put(durable_, write.offset, std::string_view(write.bytes).substr(0, part));
    survive -= part;
  }
  pending_.clear();
  bytes_ = durable_;
}

void SimFileData::Flip(std::uint64_t offset, unsigned char mask) {
  QUIRE_CHECK(offset < bytes_.size());
  bytes_[offset] = static_cast<char>(bytes_[offset] ^ mask);
  if (offset < durable_.size()) durable_[offset] = static_cast<char>(durable_[offset] ^ mask);
}

}  // namespace quire::testing
