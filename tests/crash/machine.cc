#include "tests/crash/machine.h"

namespace quire::crash {

using testing::SimDisk;

Machine::Machine() : env_(index_) {
  index_.set_in_order(true);
  for (SimDisk* disk : disks()) {
    disk->set_watch([this, disk](const SimDisk::Change& change) { Watch(*disk, change); });
  }
}

void Machine::Watch(SimDisk& disk, const SimDisk::Change& change) {
  // Work of the index is over before the process changes another disk.
  if (&disk != &index_) env_.Settle();
  if (off_) return disk.PowerOff();
  recent_.push_back(actor_ + (actor_.empty() ? "" : ": ") + disk.path() + ": " +
                    std::string(change.what) + " " + std::string(change.name) +
                    (change.bytes == 0 ? std::string()
                                       : " " + std::to_string(change.offset) + "+" +
                                             std::to_string(change.bytes)));
  if (recent_.size() > kRecent) recent_.pop_front();
  if (recording_) recorded_.push_back(recent_.back());
  if (changes_++ < cut_) return;
  disk.PowerOffAfter(0);
  off_ = true;
}

void Machine::Restore() {
  off_ = false;
  cut_ = kNever;
}

void Machine::CopyFrom(const Machine& other) {
  journal_.CopyFrom(other.journal_);
  segments_.CopyFrom(other.segments_);
  index_.CopyFrom(other.index_);
  records_.CopyFrom(other.records_);
  actor_.clear();
  changes_ = 0;
  recent_.clear();
  recorded_.clear();
  recording_ = false;
  Restore();
}

void Machine::Crash(common::Random& random) {
  for (SimDisk* disk : disks()) disk->Crash(random);
  Restore();
}

void Machine::Kill() {
  for (SimDisk* disk : disks()) disk->Kill();
  Restore();
}

}  // namespace quire::crash
