#include "bookie/offline_rebuild_swap.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "bookie/offline_index.h"
#include "bookie/offline_index_db.h"
#include "common/check.h"

namespace quire::bookie {

using common::Fail;
using common::FailErrno;
using common::Result;

namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "index";
constexpr const char* kBuilding = "index.building";
constexpr const char* kComplete = "index.complete";
constexpr std::size_t kCopyBatchBytes = 4 << 20;

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

}  // namespace

IndexSwap::IndexSwap(const OfflineDirectory& directory) : directory_(directory) {}

IndexSwap::Present IndexSwap::Look() const {
  return LookAt(kIndex);
}

std::optional<IndexSwap::Present> IndexSwap::LookAtInterrupted(Lsn next) const {
  if (!Exists(Path(kComplete)) || Look().why_not) return std::nullopt;
  Present complete = LookAt(kComplete);
  if (!complete.why_not || complete.undeleted_below != next) return std::nullopt;
  return complete;
}

IndexSwap::Present IndexSwap::LookAt(const std::string& name) const {
  Present present;
  const auto index = OfflineIndexDb::Open(Path(name));
  if (!index || !*index) return present;
  std::uint64_t extents = 0;
  const IndexWalk walk =
      WalkIndex(**index, {.extent = [&](protocol::LedgerId, const Extent&) { ++extents; },
                          .state =
                              [&](protocol::LedgerId ledger, const LedgerState& state) {
                                if (state.deleted) present.deleted.insert(ledger);
                              },
                          .tombstones =
                              [&](const Tombstones& tombstones) {
                                const auto ids = tombstones.Ids();
                                present.deleted.insert(ids.begin(), ids.end());
                              }});
  if (walk.commit) {
    present.stored = walk.commit->stored;
    present.undeleted_below = walk.commit->undeleted_below;
  }
  if (walk.complete && walk.commit) {
    present.why_not = "the index of " + directory_.path() + " is whole, with " +
                      std::to_string(extents) +
                      " extents; a rebuilt one knows less. If it has to be, move " + Path(kIndex) +
                      " away first; to bring back what was deleted by mistake, add --undelete";
  }
  return present;
}

Result<std::unique_ptr<Index>> IndexSwap::Begin(bool copy) {
  std::error_code error;
  fs::remove_all(Path(kBuilding), error);
  if (error) return FailErrno(error.value(), "remove", Path(kBuilding));
  // A crash left it between two steps of Finish: it may be the old index as well as a new one that
  // cannot be resumed.
  if (Exists(Path(kComplete))) QUIRE_TRY(Rename(kComplete, FreeName()));
  if (copy) QUIRE_TRY(Copy());
  const auto cookie = directory_.ReadCookie();
  const bool named = cookie && *cookie;
  return Index::Open(Path(kBuilding), nullptr, IndexDb::kUsualMemory,
                     named ? (*cookie)->bookie : protocol::BookieId{});
}

Result<void> IndexSwap::Copy() const {
  const auto from = OfflineIndexDb::Open(Path(kIndex));
  if (!from) return Fail(from.error());
  QUIRE_CHECK(*from != nullptr);
  const auto to = IndexDb::Open(Path(kBuilding), nullptr);
  if (!to) return Fail(to.error());
  auto batch = (*to)->NewBatch();
  std::size_t bytes = 0;
  const auto cursor = (*from)->NewCursor(IndexDb::Scope::kAll);
  for (cursor->Seek(""); cursor->valid(); cursor->Next()) {
    batch->Put(cursor->key(), cursor->value());
    bytes += cursor->key().size() + cursor->value().size();
    if (bytes < kCopyBatchBytes) continue;
    QUIRE_TRY((*to)->Write(*batch));
    batch = (*to)->NewBatch();
    bytes = 0;
  }
  QUIRE_TRY(cursor->status());
  return (*to)->Write(*batch);
}

Result<std::string> IndexSwap::Finish() {
  QUIRE_TRY(Rename(kBuilding, kComplete));
  QUIRE_TRY(Sync());
  return Place();
}

Result<std::string> IndexSwap::Place() {
  std::string old;
  if (Exists(Path(kIndex))) {
    old = FreeName();
    const int exchanged = ::renameat2(AT_FDCWD, Path(kComplete).c_str(), AT_FDCWD,
                                      Path(kIndex).c_str(), RENAME_EXCHANGE);
    if (exchanged == 0) {
      QUIRE_TRY(Rename(kComplete, old));
    } else if (errno == EINVAL || errno == ENOSYS) {
      // Between these two there is no index: a start refuses and names this tool, which resumes.
      QUIRE_TRY(Rename(kIndex, old));
      QUIRE_TRY(Rename(kComplete, kIndex));
    } else {
      return FailErrno(errno, "exchange", Path(kIndex));
    }
  } else {
    QUIRE_TRY(Rename(kComplete, kIndex));
  }
  QUIRE_TRY(Sync());
  return old;
}

std::string IndexSwap::FreeName() const {
  for (int n = 1;; ++n) {
    std::string name = "index.old-" + std::to_string(n);
    if (!Exists(Path(name))) return name;
  }
}

Result<void> IndexSwap::Rename(const std::string& from, const std::string& to) const {
  if (::rename(Path(from).c_str(), Path(to).c_str()) == 0) return {};
  return FailErrno(errno, "rename", Path(from));
}

Result<void> IndexSwap::Sync() const {
  const int fd = ::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return FailErrno(error, "sync", directory_.path());
}

}  // namespace quire::bookie
