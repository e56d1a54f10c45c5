#include "tests/support/sim_disk.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "common/check.h"
#include "tests/support/sim_file_data.h"

namespace quire::testing {

using common::Errc;
using common::Fail;
using common::Result;

class SimFile final : public common::File {
 public:
  SimFile(SimDisk& disk, std::string name, std::shared_ptr<SimFileData> data,
          common::OpenOptions options)
      : disk_(disk),
        name_(std::move(name)),
        data_(std::move(data)),
        options_(options),
        life_(disk.life_) {}

  Result<void> Write(std::uint64_t offset, std::string_view bytes) override {
    QUIRE_TRY(Alive());
    // What the kernel refuses on a real disk is a bug of the caller here.
    if (options_.direct) {
      QUIRE_CHECK(offset % common::kDiskBlockBytes == 0);
      QUIRE_CHECK(bytes.size() % common::kDiskBlockBytes == 0);
      QUIRE_CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % common::kDiskBlockBytes == 0);
    }
    const auto power = disk_.CountChange({"write", name_, offset, bytes.size()});
    if (power == SimDisk::Power::kOff) return Dead("write");
    QUIRE_TRY(Room(offset + bytes.size()));
    ++disk_.writes_;
    const bool fails = SimDisk::CountDown(disk_.fail_write_);
    const bool stops = power == SimDisk::Power::kFailing;
    data_->Write(offset, bytes, /*lost=*/fails);
    if (fails || stops) return Dead("write");
    if (options_.durable) data_->SyncLastWrite();
    return {};
  }

  Result<std::size_t> Read(std::uint64_t offset, std::span<char> out) const override {
    QUIRE_TRY(Alive());
    if (options_.direct) {
      QUIRE_CHECK(offset % common::kDiskBlockBytes == 0);
      QUIRE_CHECK(out.size() % common::kDiskBlockBytes == 0);
      QUIRE_CHECK(reinterpret_cast<std::uintptr_t>(out.data()) % common::kDiskBlockBytes == 0);
    }
    if (disk_.power_off_) return Dead("read");
    const std::string& bytes = data_->bytes();
    if (offset >= bytes.size()) return 0;
    const std::size_t count = std::min<std::size_t>(out.size(), bytes.size() - offset);
    if (count > 0) std::memcpy(out.data(), bytes.data() + offset, count);
    return count;
  }

  Result<void> Sync() override {
    QUIRE_TRY(Alive());
    if (disk_.CountChange({"sync", name_}) != SimDisk::Power::kOn) return Dead("sync");
    ++disk_.syncs_;
    if (SimDisk::CountDown(disk_.fail_sync_)) {
      data_->LosePending();
      return Dead("sync");
    }
    data_->Sync();
    return {};
  }

  Result<void> Preallocate(std::uint64_t bytes) override {
    QUIRE_TRY(Alive());
    const auto power = disk_.CountChange({"allocate", name_, 0, bytes});
    if (power == SimDisk::Power::kOff) return Dead("allocate");
    QUIRE_TRY(Room(bytes));
    data_->Grow(bytes);
    return disk_.power_off_ ? Dead("allocate") : Result<void>{};
  }

  Result<std::uint64_t> Size() const override {
    QUIRE_TRY(Alive());
    return data_->bytes().size();
  }

 private:
  Result<void> Alive() const {
    if (life_ != disk_.life_) return Fail(Errc::kIo, name_ + " was opened before a crash");
    return {};
  }
  std::unexpected<common::Error> Dead(std::string_view what) const {
    return Fail(Errc::kIo, std::string(what) + " " + disk_.path_ + "/" + name_);
  }
  Result<void> Room(std::uint64_t size) const {
    const std::uint64_t now = data_->bytes().size();
    if (disk_.capacity_ == SimDisk::kUnlimited || size <= now) return {};
    if (disk_.UsedBytes() + (size - now) <= disk_.capacity_) return {};
    return Fail(Errc::kDiskFull, "write " + disk_.path_ + "/" + name_);
  }

  SimDisk& disk_;
  const std::string name_;
  const std::shared_ptr<SimFileData> data_;
  const common::OpenOptions options_;
  const std::uint64_t life_;
};

SimDisk::SimDisk(std::string path, std::uint64_t capacity)
    : path_(std::move(path)), capacity_(capacity) {}
SimDisk::~SimDisk() = default;

Result<std::unique_ptr<common::File>> SimDisk::Open(std::string_view name,
                                                    common::OpenOptions options) {
  QUIRE_CHECK(!name.empty() && !name.contains('/'));
  if (power_off_) return Fail(Errc::kIo, "open " + std::string(name));
  auto it = names_.find(name);
  if (it == names_.end()) {
    if (!options.create) return Fail(Errc::kIo, "open " + path_ + "/" + std::string(name));
    QUIRE_TRY(ChangeNames({"", std::string(name), std::make_shared<SimFileData>()}, "create"));
    it = names_.find(name);
  }
  return std::make_unique<SimFile>(*this, it->first, it->second, options);
}

Result<std::vector<std::string>> SimDisk::List() const {
  if (power_off_) return Fail(Errc::kIo, "list " + path_);
  std::vector<std::string> list;
  for (const auto& [name, file] : names_) list.push_back(name);
  return list;
}

Result<void> SimDisk::Rename(std::string_view from, std::string_view to) {
  const auto it = names_.find(from);
  if (it == names_.end()) return Fail(Errc::kIo, "rename " + std::string(from));
  if (fail_renames_) return Fail(*fail_renames_, "rename " + std::string(from));
  return ChangeNames({std::string(from), std::string(to), it->second}, "rename");
}

Result<void> SimDisk::Remove(std::string_view name) {
  if (!names_.contains(name)) return Fail(Errc::kIo, "remove " + std::string(name));
  if (fail_removes_) return Fail(*fail_removes_, "remove " + std::string(name));
  return ChangeNames({std::string(name), "", nullptr}, "remove");
}

Result<void> SimDisk::SyncDirectory() {
  if (CountChange({"sync", ""}) != Power::kOn) return Fail(Errc::kIo, "sync " + path_);
  ++syncs_;
  if (CountDown(fail_sync_)) return Fail(Errc::kIo, "sync " + path_);
  durable_ = names_;
  pending_.clear();
  return {};
}

Result<std::uint64_t> SimDisk::FreeBytes() const {
  return capacity_ - std::min(capacity_, UsedBytes());
}

void SimDisk::Crash(common::Random& random) {
  const std::uint64_t survive = common::Below(random, pending_.size() + 1);
  for (std::uint64_t i = 0; i < survive; ++i) Apply(durable_, pending_[i]);
  pending_.clear();
  names_ = durable_;
  for (const auto& [name, file] : names_) {
    in_order_ ? file->CrashInOrder(random) : file->Crash(random);
  }
  EndFaults();
  ++life_;
}

void SimDisk::CopyFrom(const SimDisk& other) {
  // A file is known under several names: today's, the durable one, those of pending changes.
  std::map<const SimFileData*, std::shared_ptr<SimFileData>> copies;
  const auto copy = [&copies](const std::shared_ptr<SimFileData>& file) {
    if (!file) return file;
    auto& made = copies[file.get()];
    if (!made) made = std::make_shared<SimFileData>(*file);
    return made;
  };
  names_.clear();
  durable_.clear();
  pending_.clear();
  for (const auto& [name, file] : other.names_) names_.emplace(name, copy(file));
  for (const auto& [name, file] : other.durable_) durable_.emplace(name, copy(file));
  for (const auto& [remove, add, file] : other.pending_)
    pending_.push_back({remove, add, copy(file)});
  EndFaults();
  ++life_;
}

void SimDisk::EndFaults() {
  fail_write_ = fail_sync_ = 0;
  power_left_ = kUnlimited;
  power_off_ = false;
}

void SimDisk::Kill() {
  ++life_;
}

void SimDisk::Flip(std::string_view name, std::uint64_t offset, unsigned char mask) {
  const auto it = names_.find(name);
  QUIRE_CHECK(it != names_.end());
  it->second->Flip(offset, mask);
}

std::string SimDisk::Contents(std::string_view name) const {
  const auto it = names_.find(name);
  return it == names_.end() ? std::string() : it->second->bytes();
}

bool SimDisk::CountDown(std::uint64_t& left) {
  if (left == 0) return false;
  --left;
  return left == 0;
}

SimDisk::Power SimDisk::CountChange(const Change& change) {
  if (power_off_) return Power::kOff;
  if (watch_) watch_(change);
  if (power_off_) return Power::kOff;
  ++changes_;
  if (power_left_ == kUnlimited) return Power::kOn;
  if (power_left_ > 0) {
    --power_left_;
    return Power::kOn;
  }
  power_off_ = true;
  return Power::kFailing;
}

void SimDisk::Apply(Names& names, const NameChange& change) {
  if (!change.remove.empty()) names.erase(change.remove);
  if (!change.add.empty()) names[change.add] = change.file;
}

Result<void> SimDisk::ChangeNames(NameChange change, std::string_view what) {
  const Power power = CountChange({what, change.add.empty() ? change.remove : change.add});
  if (power == Power::kOff) return Fail(Errc::kIo, std::string(what) + " in " + path_);
  Apply(names_, change);
  pending_.push_back(std::move(change));
  if (power == Power::kFailing) return Fail(Errc::kIo, std::string(what) + " in " + path_);
  return {};
}

std::uint64_t SimDisk::UsedBytes() const {
  std::uint64_t used = 0;
  for (const auto& [name, file] : names_) used += file->bytes().size();
  return used;
}

}  // namespace quire::testing
