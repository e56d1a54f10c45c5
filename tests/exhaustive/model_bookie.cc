#include "tests/exhaustive/model_bookie.h"

#include <algorithm>

#include "common/check.h"

namespace quire::exhaustive {

using protocol::Code;

ModelBookie::Answer ModelBookie::Add(int entry, std::uint8_t content, bool recovery,
                                     Deviation deviation) {
  const bool refuse = !recovery || deviation == Deviation::kRecoveryAddRefused;
  if (Fenced() && refuse) return {.code = Code::kFenced};
  const auto record = static_cast<std::uint8_t>(entry << 4 | content);
  const std::uint8_t stored = Stored(entry);
  if (stored != 0 && stored != content) return {.code = Code::kConflict};
  const int number = stored != 0 ? NumberOf(record) : Journal(record);
  if (deviation == Deviation::kAckBeforeSync) return {};
  return {.after = static_cast<std::uint8_t>(number)};
}

ModelBookie::FenceOutcome ModelBookie::Fence(Deviation deviation) {
  FenceOutcome outcome;
  outcome.was_known = Records() != 0 || Fenced();
  if (deviation == Deviation::kUnknownNotFenced && !outcome.was_known) return outcome;
  if (deviation == Deviation::kVolatileFence) {
    flags_ |= kSoftFence;
    return outcome;
  }
  outcome.after =
      static_cast<std::uint8_t>(Fenced() ? NumberOf(kFenceRecord) : Journal(kFenceRecord));
  return outcome;
}

ModelBookie::Answer ModelBookie::FenceAndLac(const Contents& contents, Deviation deviation) {
  const FenceOutcome fence = Fence(deviation);
  Answer answer{.code = fence.was_known ? Code::kOk : Code::kNoLedger, .after = fence.after};
  for (int entry = 0; entry < kMaxEntries; ++entry) {
    const bool durable_only = deviation == Deviation::kVisibleOnlyAfterSync;
    const std::uint8_t content = durable_only ? Durable(entry) : Stored(entry);
    if (content == 0) continue;
    const auto lac = static_cast<std::int8_t>(contents.Header(content).lac.value());
    answer.lac = std::max(answer.lac, lac);
  }
  if (deviation == Deviation::kNegativeBeforeFence && !fence.was_known) answer.after = 0;
  return answer;
}

ModelBookie::Answer ModelBookie::FenceAndRead(Deviation deviation) {
  Answer answer;
  if (deviation != Deviation::kReadsDoNotFence) answer.after = Fence(deviation).after;
  bool any = false;
  for (int entry = 0; entry < kMaxEntries; ++entry) {
    const bool durable_only = deviation == Deviation::kVisibleOnlyAfterSync;
    const std::uint8_t content = durable_only ? Durable(entry) : Stored(entry);
    answer.entries[static_cast<std::size_t>(entry)] = content;
    any |= content != 0;
  }
  if (deviation == Deviation::kNegativeBeforeFence && !any) answer.after = 0;
  return answer;
}

bool ModelBookie::Fenced() const {
  return fenced_ != 0 || (flags_ & kSoftFence) != 0 ||
         std::ranges::find(journal_, kFenceRecord) != journal_.end();
}

std::uint8_t ModelBookie::Stored(int entry) const {
  if (Durable(entry) != 0) return Durable(entry);
  for (const std::uint8_t record : journal_) {
    if (record != 0 && record != kFenceRecord && record >> 4 == entry) return record & 0xf;
  }
  return 0;
}

int ModelBookie::DurableRecords() const {
  return static_cast<int>(std::ranges::count_if(durable_, [](auto c) { return c != 0; })) + fenced_;
}

int ModelBookie::Records() const {
  return DurableRecords() +
         static_cast<int>(std::ranges::count_if(journal_, [](auto r) { return r != 0; }));
}

int ModelBookie::Journal(std::uint8_t record) {
  const auto free = std::ranges::find(journal_, 0);
  QUIRE_CHECK(free != journal_.end());
  *free = record;
  return Records();
}

int ModelBookie::NumberOf(std::uint8_t record) const {
  const auto found = std::ranges::find(journal_, record);
  if (found == journal_.end()) return 0;
  return DurableRecords() + static_cast<int>(found - journal_.begin()) + 1;
}

void ModelBookie::SyncTo(int records) {
  while (DurableRecords() < records && journal_[0] != 0) {
    if (journal_[0] == kFenceRecord) {
      fenced_ = 1;
      flags_ &= static_cast<std::uint8_t>(~kPromised) & 0xf;
    } else {
      durable_[journal_[0] >> 4U] = journal_[0] & 0xf;
    }
    std::shift_left(journal_.begin(), journal_.end(), 1);
    journal_.back() = 0;
  }
}

void ModelBookie::SyncAll() {
  if (journal_[0] != 0) SyncTo(Records());
}

void ModelBookie::CrashTo(int records) {
  SyncTo(records);
  journal_.fill(0);
  flags_ &= static_cast<std::uint8_t>(~kSoftFence) & 0xf;
}

}  // namespace quire::exhaustive
