#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/disk.h"
#include "common/random.h"

namespace quire::testing {

class SimFileData;

// A disk in memory that forgets like a real one. Reads see the newest bytes; a crash keeps what was
// synced and, by chance, any part of what was not: of each write all, nothing, or some of its
// 512-byte sectors; of the directory operations some first ones, in order. After a crash the files
// opened before answer kIo for ever. Deterministic given the Random; one thread.
class SimDisk final : public common::Disk {
 public:
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

  explicit SimDisk(std::string path = "/sim", std::uint64_t capacity = kUnlimited);
  ~SimDisk() override;
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  common::Result<std::unique_ptr<common::File>> Open(std::string_view name,
                                                     common::OpenOptions options) override;
  common::Result<std::vector<std::string>> List() const override;
  common::Result<void> Rename(std::string_view from, std::string_view to) override;
  common::Result<void> Remove(std::string_view name) override;
  common::Result<void> SyncDirectory() override;
  common::Result<std::uint64_t> FreeBytes() const override;
  const std::string& path() const override { return path_; }
  bool direct() const override { return true; }

  // A changing operation, about to happen.
  struct Change {
    std::string_view what;  // "write", "sync", "create", ...
    std::string_view name;  // of the file; empty: the directory
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };
  // Told of each one before it counts: PowerOffAfter(0) called there cuts this one short, PowerOff
  // comes before it. By this the disks of one machine lose power together.
  void set_watch(std::function<void(const Change&)> watch) { watch_ = std::move(watch); }

  // The same files as the other disk has, with what is not synced on it. Ends all faults here but
  // the capacity; files opened before are dead.
  void CopyFrom(const SimDisk& other);

  // The power goes. Also ends all faults but the capacity.
  void Crash(common::Random& random);
  // Only the process dies: nothing is lost yet, what was not synced still is not.
  void Kill();

  // The n-th write (sync) from now, 1 is the next, fails with kIo. A write to a file opened
  // `durable` counts as a write. As on a real disk, what the failed operation was to make durable
  // may be lost in a crash although it can be read and a repeated Sync succeeds.
  void FailWrite(std::uint64_t n) { fail_write_ = n; }
  void FailSync(std::uint64_t n) { fail_sync_ = n; }
  // Removals fail with this from now on, until it is called with nothing.
  void FailRemoves(std::optional<common::Errc> code) { fail_removes_ = code; }
  void FailRenames(std::optional<common::Errc> code) { fail_renames_ = code; }
  // After n more changing operations (writes, syncs, directory operations) the power is off: the
  // n+1st may have reached the disk in part, and everything fails until Crash.
  void PowerOffAfter(std::uint64_t n) { power_left_ = n; }
  // In a crash a file keeps a first part of what was not synced instead of any part. So it is for
  // files that are only appended to where the file system writes data before it writes the size.
  void set_in_order(bool in_order) { in_order_ = in_order; }
  // Now, between two operations.
  void PowerOff() { power_off_ = true; }
  bool powered() const { return !power_off_; }
  // Writes that would make the files larger than this fail with kDiskFull.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }

  // Bytes that rot: changes what is stored. The range has to exist.
  void Flip(std::string_view name, std::uint64_t offset, unsigned char mask = 1);
  // The newest bytes of a file; empty when there is none.
  std::string Contents(std::string_view name) const;

  std::uint64_t writes() const { return writes_; }
  std::uint64_t syncs() const { return syncs_; }      // files and directory, not durable writes
  std::uint64_t changes() const { return changes_; }  // what PowerOffAfter counts

 private:
  friend class SimFile;

  using Names = std::map<std::string, std::shared_ptr<SimFileData>, std::less<>>;
  struct NameChange {
    std::string remove;  // empty: none
    std::string add;     // empty: none
    std::shared_ptr<SimFileData> file;
  };

  enum class Power { kOn, kFailing, kOff };
  // Counts a changing operation. kFailing: this is the one that may happen in part.
  Power CountChange(const Change& change);
  // True when the operation that was to fail is this one.
  static bool CountDown(std::uint64_t& left);
  static void Apply(Names& names, const NameChange& change);
  common::Result<void> ChangeNames(NameChange change, std::string_view what);
  void EndFaults();
  std::uint64_t UsedBytes() const;

  const std::string path_;
  std::uint64_t capacity_;
  std::uint64_t life_ = 0;  // files opened in another life are dead
  bool in_order_ = false;

  Names names_;    // newest
  Names durable_;  // as of the last SyncDirectory
  std::vector<NameChange> pending_;

  std::function<void(const Change&)> watch_;
  std::uint64_t fail_write_ = 0;
  std::uint64_t fail_sync_ = 0;
  std::optional<common::Errc> fail_removes_;
  std::optional<common::Errc> fail_renames_;
  std::uint64_t power_left_ = kUnlimited;
  bool power_off_ = false;
  std::uint64_t writes_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace quire::testing
