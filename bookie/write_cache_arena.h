#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace quire::bookie {

// Free chunks that the halves of the write cache pass to each other, so that a bookie under steady
// load asks the allocator for nothing and touches no new page. One thread.
class ChunkPool {
 public:
  static constexpr std::size_t kChunkBytes = 1 << 20;
  using Chunk = std::unique_ptr<char[]>;

  Chunk Take();
  // Frees chunks, as far as there are any, to make up for so many bytes taken elsewhere: what was
  // full of small entries and is then full of large ones must not need twice the memory.
  void Shrink(std::size_t bytes);
  void Give(Chunk chunk) { free_.push_back(std::move(chunk)); }
  std::size_t free_bytes() const { return free_.size() * kChunkBytes; }

 private:
  std::vector<Chunk> free_;
  std::size_t owed_ = 0;  // taken elsewhere, less than a chunk
};

// Bytes that live until Clear, allocated by moving a pointer. One thread; the pool outlives the use
// but not necessarily the destructor, which frees the memory instead of giving it back.
class Arena {
 public:
  explicit Arena(ChunkPool& pool) : pool_(pool) {}

  char* Allocate(std::size_t bytes) {
    if (bytes > left_) return AllocateSlow(bytes);
    char* place = next_;
    next_ += bytes;
    left_ -= bytes;
    used_ += bytes;
    return place;
  }

  void Clear();

  std::size_t used() const { return used_; }          // handed out
  std::size_t reserved() const { return reserved_; }  // memory behind it

 private:
  // Larger allocations get memory of their own, so that none wastes most of a chunk.
  static constexpr std::size_t kLargeBytes = ChunkPool::kChunkBytes / 8;

  char* AllocateSlow(std::size_t bytes);

  ChunkPool& pool_;
  std::vector<ChunkPool::Chunk> chunks_;
  std::vector<ChunkPool::Chunk> large_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;
  std::size_t reserved_ = 0;
};

}  // namespace quire::bookie
