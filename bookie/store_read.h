#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bookie/index_view.h"
#include "bookie/store_core.h"
#include "protocol/ids.h"
#include "protocol/messages.h"

namespace quire::bookie {

// One entry to read; `cached` when the loop found it in the write cache.
struct ReadItem {
  protocol::EntryId id;
  std::optional<std::string> cached;
};

// Answers a batch on a reader: looks the entries up, reads those that lie side by side in one go,
// checks every byte. Only a look-up that succeeded and found nothing is a denial (T-16); a copy
// that cannot be read or does not verify is kCorrupt, and whatever else goes wrong kUnknown, for
// the entries it touches and for no other.
//
// Beside a running flush this is right because the loop had found an uncached entry in neither
// half: if it was ever stored, its commit was over before, and the view, made later, sees it. A
// segment that goes away between look-up and read goes because nothing in it is live any more; the
// look-up is then repeated once in a new view.
class BatchRead {
 public:
  BatchRead(StoreCore& core, protocol::LedgerId ledger, std::vector<ReadItem> items,
            std::size_t max_bytes)
      : core_(core), ledger_(ledger), items_(std::move(items)), max_bytes_(max_bytes) {}

  // Blocking; once. Stops after the answer that reaches max_bytes.
  std::vector<protocol::EntryAnswer> Run();

 private:
  static constexpr std::size_t kMaxReadBytes = 1 << 20;  // in one go, unless one entry is larger

  struct Pending {
    std::size_t index;  // in answers_
    EntryLocation location;
  };

  // Fills in the answer unless the entry has to be read. The bytes it has or will have.
  std::size_t LookUp(IndexView& view, std::size_t index);
  // Reads what is pending; what is in a segment that was removed stays so.
  void Fetch();
  // The records [first, last) lie side by side.
  void FetchRun(std::size_t first, std::size_t last, const OpenSegment& segment);
  std::size_t RunEnd(std::size_t first) const;

  StoreCore& core_;
  const protocol::LedgerId ledger_;
  std::vector<ReadItem> items_;
  const std::size_t max_bytes_;
  std::vector<protocol::EntryAnswer> answers_;
  std::vector<Pending> pending_;
  std::string buffer_;
};

}  // namespace quire::bookie
