#include "tests/fuzz/journal_script.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "bookie/journal_batch.h"
#include "common/disk.h"
#include "tests/fuzz/journal_seal.h"

namespace quire::fuzz {
namespace {

constexpr std::size_t kMostRecords = 4;

std::string Padded(std::string bytes) {
  const std::size_t blocks = (bytes.size() + common::kDiskBlockBytes - 1) / common::kDiskBlockBytes;
  bytes.resize(blocks * common::kDiskBlockBytes);
  return bytes;
}

}  // namespace

JournalScript::JournalScript(Input& in) {
  current();
  while (!in.empty()) {
    switch (in.Byte() % kSteps) {
      case kBatch: WriteBatch(in); break;
      case kNextFile: NextFile(in); break;
      case kFlip: Flip(in); break;
      case kForge: {
        std::string batch(in.Short());
        SealBatch(batch);
        Put(Padded(std::move(batch)));
        foul_ = true;
        break;
      }
      case kBlock:
        Put(Padded(std::string(in.Short())));
        foul_ = true;
        break;
      case kCut: {
        const std::size_t bytes = in.Byte() * common::kDiskBlockBytes;
        current().resize(current().size() - std::min(current().size(), bytes));
        position_ = std::min(position_, current().size());
        foul_ = true;
        break;
      }
      case kLose:
        files_.erase(std::next(files_.begin(), in.Byte() % static_cast<int>(files_.size())));
        position_ = std::min(position_, current().size());
        foul_ = true;
        break;
      default: break;
    }
  }
}

bool JournalScript::Damaged(const Batch& batch) const {
  const auto file = files_.find(batch.epoch);
  return file == files_.end() ||
         file->second.compare(batch.offset, batch.covered, batch.bytes, 0, batch.covered) != 0;
}

void JournalScript::Put(std::string_view block) {
  if (block.empty() || position_ >= kMaxBatches * common::kDiskBlockBytes) return;
  std::string& file = current();
  file.resize(std::max(file.size(), position_ + block.size()));
  file.replace(position_, block.size(), block);
  position_ += block.size();
}

void JournalScript::WriteBatch(Input& in) {
  const std::size_t count = in.Byte() % kMostRecords + 1;
  bookie::JournalBatch batch;
  batch.Begin(next_);
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) {
    const auto type = static_cast<bookie::RecordType>(in.Byte());
    const std::string_view payload = in.Short();
    batch.Append(type, std::array{payload});
    records.push_back({next_ + i, type, std::string(payload)});
  }
  if (batches_.size() == kMaxBatches) return;
  next_ += count;
  const std::size_t covered = bookie::kBatchHeaderBytes + batch.body_bytes();
  std::string bytes(batch.Seal(epoch_));
  const std::size_t offset = position_;
  Put(bytes);
  batches_.push_back({epoch_, offset, covered, std::move(bytes), std::move(records)});
}

void JournalScript::NextFile(Input& in) {
  const std::uint8_t how = in.Byte();
  if (files_.size() == kMaxFiles) return;
  std::string old = how % 2 == 1 ? files_.begin()->second : std::string();
  epoch_ += 1 + how / 2;
  position_ = 0;
  current() = std::move(old);
}

void JournalScript::Flip(Input& in) {
  const std::size_t which = in.Byte();
  const std::size_t at = in.Number<std::uint16_t>();
  const std::uint8_t mask = in.Byte();
  if (batches_.empty()) return;
  const Batch& batch = batches_[which % batches_.size()];
  const auto file = files_.find(batch.epoch);
  const std::size_t offset = batch.offset + at % batch.covered;
  if (file == files_.end() || offset >= file->second.size()) return;
  char& byte = file->second[offset];
  byte = static_cast<char>(byte ^ static_cast<char>(mask));
}

}  // namespace quire::fuzz
