#include "bookie/store_read.h"

#include <utility>

#include "protocol/entry.h"

namespace quire::bookie {

using protocol::Code;
using protocol::EntryAnswer;

std::vector<EntryAnswer> BatchRead::Run() {
  answers_.reserve(items_.size());
  {
    IndexView view = core_.index->View();
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < items_.size() && bytes < max_bytes_; ++i) {
      answers_.emplace_back();
      bytes += LookUp(view, i);
    }
    if (answers_.empty() && !items_.empty()) {  // max_bytes of 0 still gets one
      answers_.emplace_back();
      LookUp(view, 0);
    }
  }
  Fetch();
  if (!pending_.empty()) {
    IndexView view = core_.index->View();
    for (const Pending& again : std::exchange(pending_, {})) LookUp(view, again.index);
    Fetch();
  }
  return std::move(answers_);  // what is still pending stays kUnknown
}

std::size_t BatchRead::LookUp(IndexView& view, std::size_t index) {
  EntryAnswer& answer = answers_[index];
  ReadItem& item = items_[index];
  if (item.cached) {
    answer = {.code = Code::kOk, .bytes = std::move(*item.cached)};
    return answer.bytes.size();
  }
  const auto found = view.Find(ledger_, item.id);
  if (!found) return 0;
  if (!*found) {
    answer.code = Code::kNoEntry;
    return 0;
  }
  pending_.push_back({.index = index, .location = **found});
  return (*found)->length;
}

void BatchRead::Fetch() {
  std::vector<Pending> removed;
  for (std::size_t first = 0; first < pending_.size();) {
    const std::size_t last = RunEnd(first);
    const auto segment = core_.files.Open(pending_[first].location.segment);
    if (segment && *segment) {
      FetchRun(first, last, **segment);
      // What was open when it was removed gets shorter: that says nothing of the entries.
      const bool there = core_.files.Has(pending_[first].location.segment);
      for (std::size_t i = first; !there && i < last; ++i) {
        EntryAnswer& answer = answers_[pending_[i].index];
        if (answer.code == Code::kOk) continue;
        answer.code = Code::kUnknown;
        removed.push_back(pending_[i]);
      }
    } else if (segment) {
      removed.insert(removed.end(), pending_.begin() + static_cast<std::ptrdiff_t>(first),
                     pending_.begin() + static_cast<std::ptrdiff_t>(last));
    } else if (segment.error().code() == common::Errc::kCorrupt) {
      for (std::size_t i = first; i < last; ++i) {
        answers_[pending_[i].index].code = Code::kCorrupt;
      }
    }
    first = last;
  }
  pending_ = std::move(removed);
}

std::size_t BatchRead::RunEnd(std::size_t first) const {
  const EntryLocation& begin = pending_[first].location;
  std::size_t last = first + 1;
  while (last < pending_.size()) {
    const EntryLocation& before = pending_[last - 1].location;
    const EntryLocation& next = pending_[last].location;
    if (next.segment != before.segment || next.offset != before.end() ||
        next.end() - begin.offset > kMaxReadBytes) {
      break;
    }
    ++last;
  }
  return last;
}

void BatchRead::FetchRun(std::size_t first, std::size_t last, const OpenSegment& segment) {
  const std::uint64_t begin = pending_[first].location.offset;
  common::Result<std::size_t> got;
  buffer_.resize_and_overwrite(pending_[last - 1].location.end() - begin,
                               [&](char* bytes, std::size_t size) {
                                 got = segment.file->Read(begin, {bytes, size});
                                 return got.value_or(0);
                               });
  if (!got && last - first > 1) {  // a bad block costs the entries on it, not their neighbours
    for (std::size_t i = first; i < last; ++i) FetchRun(i, i + 1, segment);
    return;
  }
  const std::string_view bytes = buffer_;
  for (std::size_t i = first; i < last; ++i) {
    const EntryLocation& location = pending_[i].location;
    const std::size_t index = pending_[i].index;
    answers_[index].code = Code::kCorrupt;
    if (location.end() - begin > bytes.size()) continue;  // the file is shorter than it was
    const auto entry = OpenRecord(
        segment.seed, bytes.substr(location.offset - begin, location.end() - location.offset));
    if (!entry || !protocol::VerifyEntry(*entry, ledger_, items_[index].id)) continue;
    answers_[index] = {.code = Code::kOk, .bytes = std::string(*entry)};
  }
}

}  // namespace quire::bookie
