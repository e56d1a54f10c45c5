#include "bookie/write_cache_arena.h"

#include <utility>

namespace quire::bookie {

ChunkPool::Chunk ChunkPool::Take() {
  if (free_.empty()) return std::make_unique_for_overwrite<char[]>(kChunkBytes);
  Chunk chunk = std::move(free_.back());
  free_.pop_back();
  return chunk;
}

void ChunkPool::Shrink(std::size_t bytes) {
  owed_ += bytes;
  for (; owed_ >= kChunkBytes && !free_.empty(); owed_ -= kChunkBytes) free_.pop_back();
  owed_ %= kChunkBytes;
}

char* Arena::AllocateSlow(std::size_t bytes) {
  used_ += bytes;
  if (bytes > kLargeBytes) {
    large_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    reserved_ += bytes;
    pool_.Shrink(bytes);
    return large_.back().get();
  }
  chunks_.push_back(pool_.Take());
  reserved_ += ChunkPool::kChunkBytes;
  char* place = chunks_.back().get();
  next_ = place + bytes;
  left_ = ChunkPool::kChunkBytes - bytes;
  return place;
}

void Arena::Clear() {
  for (auto& chunk : chunks_) pool_.Give(std::move(chunk));
  chunks_.clear();
  large_.clear();
  next_ = nullptr;
  left_ = used_ = reserved_ = 0;
}

}  // namespace quire::bookie
