#include "bookie/scrub_pass.h"

#include <algorithm>
#include <cstddef>

#include "bookie/extent.h"
#include "bookie/index_format.h"

namespace quire::bookie {

using common::Fail;
using common::Result;

Result<ScrubPass::Step> ScrubPass::Next(std::uint64_t bytes, std::size_t keys) {
  if (!index_done_) return NextKeys(bytes, keys);
  if (!segment_) {
    if (segments_.empty()) return Step{.done = true};
    segment_ = std::make_unique<SegmentScrub>(core_, segments_.back());
    segments_.pop_back();
  }
  const std::uint64_t before = segment_->bytes();
  const auto progress = segment_->Step(bytes, keys);
  if (!progress) return Fail(progress.error());
  Step step{.bytes = segment_->bytes() - before, .findings = segment_->TakeFindings()};
  if (*progress != SegmentScrub::Progress::kMore) segment_.reset();
  return step;
}

// RocksDB verifies each block that it reads for this; who wrote the value there verified nothing.
Result<ScrubPass::Step> ScrubPass::NextKeys(std::uint64_t bytes, std::size_t keys) {
  Step step;
  const auto cursor = core_.index->Scan();
  for (cursor->Seek(next_key_); cursor->valid(); cursor->Next()) {
    if (keys-- == 0 || step.bytes >= bytes) {
      next_key_ = cursor->key();
      return step;
    }
    step.bytes += cursor->key().size() + cursor->value().size();
    const auto ledger = ParseExtentLedger(cursor->key());
    auto content = OpenValue(cursor->key(), cursor->value());
    bool sound = content.has_value();
    if (sound && ledger) {
      const auto first = ParseExtentKey(cursor->key(), *ledger);
      sound = first && Extent::Decode(*first, *content).has_value();
    }
    if (sound) continue;
    step.findings.push_back({.file = "index", .what = "has a value that fails its check"});
    if (!ledger) continue;
    const auto first = ParseExtentKey(cursor->key(), *ledger);
    step.findings.back().ledger = ledger;
    if (first) step.findings.back().entries = std::pair(*first, *first);
  }
  if (const auto status = cursor->status(); !status) {
    step.findings.push_back({.file = "index", .what = status.error().ToString()});
  }
  index_done_ = true;
  ListSegments();
  return step;
}

void ScrubPass::ListSegments() {
  segments_ = core_.files.Live();
  std::ranges::reverse(segments_);
  if (segments_.empty()) return;
  std::ranges::rotate(segments_,
                      segments_.begin() + static_cast<std::ptrdiff_t>(begin_ % segments_.size()));
}

}  // namespace quire::bookie
