#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bookie/journal.h"
#include "tests/fuzz/input.h"

namespace quire::fuzz {

// The files of a journal as a bookie would have written them, and then as a script damaged them.
// The script is read from an input, one step after the other until it ends:
//
//   kBatch     records - 1 in the byte (of 4), each: type, length byte, payload
//   kNextFile  a byte: odd recycles the bytes of the first file, the rest skips epochs
//   kFlip      batch, offset u16, mask: changes bits of a batch that was written
//   kForge     a length byte, a batch: put behind the last one with right checksums
//   kBlock     a length byte, bytes: put into the next block as they are
//   kCut       blocks: takes so many off the end of the current file
//   kLose      file: removes it
class JournalScript {
 public:
  enum Step : std::uint8_t { kBatch, kNextFile, kFlip, kForge, kBlock, kCut, kLose, kSteps };

  struct Record {
    bookie::Lsn lsn;
    bookie::RecordType type;
    std::string payload;

    bool operator==(const Record&) const = default;
  };
  // One honest batch, where it was put.
  struct Batch {
    std::uint64_t epoch;
    std::size_t offset;
    std::size_t covered;  // bytes from there that checksums cover
    std::string bytes;
    std::vector<Record> records;
  };

  explicit JournalScript(Input& in);

  const std::map<std::uint64_t, std::string>& files() const { return files_; }  // by epoch
  const std::vector<Batch>& batches() const { return batches_; }
  // Bytes were put there that no journal writes, or written ones taken away.
  bool foul() const { return foul_; }
  bool Damaged(const Batch& batch) const;

 private:
  static constexpr std::size_t kMaxBatches = 24;
  static constexpr std::size_t kMaxFiles = 6;

  std::string& current() { return files_[epoch_]; }
  void Put(std::string_view block);
  void WriteBatch(Input& in);
  void NextFile(Input& in);
  void Flip(Input& in);

  std::map<std::uint64_t, std::string> files_;
  std::vector<Batch> batches_;
  std::uint64_t epoch_ = 1;
  std::size_t position_ = 0;  // in the current file
  bookie::Lsn next_ = 1;
  bool foul_ = false;
};

}  // namespace quire::fuzz
