#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bookie/journal_format.h"
#include "common/aligned_buffer.h"
#include "common/disk.h"
#include "common/error.h"

namespace quire::bookie {

// Reads the batches of one journal file from front to back, believing nothing. Blocking.
class JournalReader {
 public:
  // The file is of that epoch and has that size; it outlives the reader.
  JournalReader(const common::File& file, std::uint64_t epoch, std::uint64_t size);

  struct Batch {
    BatchHeader header;
    std::uint64_t offset = 0;
    std::string_view body;  // verified; valid until the next call
  };

  // The next batch, or nothing where no batch verifies: at the end, at a torn tail, at damage.
  // kUnsupported for a batch of another version; other errors are those of reading.
  common::Result<std::optional<Batch>> Next();

  // After Next found nothing: where the next header of this epoch is, further on. Nothing means
  // that the file ends here or in a torn tail.
  common::Result<std::optional<std::uint64_t>> FindLater();

  std::uint64_t offset() const { return offset_; }  // of what Next reads

 private:
  common::Result<std::string_view> Read(std::uint64_t offset, std::uint64_t bytes);

  const common::File& file_;
  const std::uint64_t epoch_;
  const std::uint64_t size_;

  std::uint64_t offset_ = 0;
  std::uint64_t later_ = 0;  // where FindLater begins
  common::AlignedBuffer window_;
  std::uint64_t window_offset_ = 0;
};

}  // namespace quire::bookie
