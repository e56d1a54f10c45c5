#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/random.h"

namespace quire::testing {

// The bytes of one simulated file: the newest, the durable, and the writes between them.
class SimFileData {
 public:
  static constexpr std::uint64_t kSectorBytes = 512;

  const std::string& bytes() const { return bytes_; }

  // `lost`: a Sync will not make it durable; it survives a crash by chance only.
  void Write(std::uint64_t offset, std::string_view bytes, bool lost);
  // Makes the file at least that large, with zeros.
  void Grow(std::uint64_t bytes);
  // Makes the newest write durable at once, without those before it.
  void SyncLastWrite();
  void Sync();
  // A sync failed: what it was to make durable is now left to chance.
  void LosePending();
  void Crash(common::Random& random);
  // The file was only appended to: a first part of what is not durable survives, up to any byte.
  void CrashInOrder(common::Random& random);
  void Flip(std::uint64_t offset, unsigned char mask);

 private:
  struct Pending {
    std::uint64_t offset;
    std::string bytes;  // empty: only the size grew to offset
    bool lost;
  };

  static void Put(std::string& to, std::uint64_t offset, std::string_view bytes);

  std::string bytes_;
  std::string durable_;
  std::vector<Pending> pending_;
};

}  // namespace quire::testing
