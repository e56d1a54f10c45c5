#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "common/random.h"
#include "tests/crash/oracle.h"
#include "tests/crash/process.h"

namespace quire::crash {

// What clients do to the bookie, by chance from a seed: pipelined adds over many ledgers in sizes
// from a few bytes to more than a journal file, duplicates and conflicts, recovery adds, fences of
// ledgers in use and of some never seen, explicit LACs, reads, lists, wrong keys. Ledgers come in
// eras: nearly all of an old era are deleted, one by one, so that their segments first have
// something to compact and then die. What the cluster does to them it does in the metadata store,
// and the bookie has to find out; that store also hides records for a while, or all of them.
//
// A value: a copy made while no request is under way goes on in the same way.
class Workload {
 public:
  using LedgerId = protocol::LedgerId;
  using EntryId = protocol::EntryId;

  // In limbo from the beginning; the caller puts them into the index.
  static constexpr std::int64_t kLimboLedgers[] = {900'001, 900'002};

  Workload(std::uint64_t seed, std::uint64_t entries);

  static protocol::LedgerKey KeyOf(LedgerId ledger);
  // The bytes of an entry, always the same; another version of it is in conflict.
  static Oracle::Bytes MakeEntry(LedgerId ledger, EntryId entry, int version);

  // Makes a request or lets the bookie take a turn.
  void Step(Process& process, Oracle& oracle);
  // Lets the bookie answer all there is.
  void Drain(Process& process, Oracle& oracle);
  // The process died with what was under way.
  void Restarted();

  bool finished() const { return entries_ >= wanted_; }
  std::uint64_t entries() const { return entries_; }
  std::uint64_t deletes() const { return deletes_; }
  std::uint64_t fences() const { return fences_; }
  std::uint64_t accepted() const { return accepted_; }  // adds
  const std::deque<std::string>& recent() const { return recent_; }

 private:
  static constexpr int kMostUnderWay = 16;
  static constexpr int kLedgersOfAnEra = 10;
  static constexpr std::uint64_t kEntriesOfAnEra = 500;
  static constexpr std::size_t kRecent = 12;
  // With fewer of them on the bookie it may believe that all were deleted.
  static constexpr std::ptrdiff_t kMostGone = 24;

  struct Writer {
    LedgerId ledger;
    EntryId next;
  };
  struct NewAdd {
    LedgerId ledger;
    EntryId entry;
    int version = 0;
    bool recovery = false;
    bool wrong_key = false;
  };

  std::uint64_t Below(std::uint64_t bound) { return common::Below(random_, bound); }
  void Note(std::string what);
  void Request(Process& process, Oracle& oracle);
  void BeginEra();
  LedgerId NextLedger();
  Writer& AnyWriter() { return writers_[Below(writers_.size())]; }
  LedgerId AnyLedger();

  void Submit(Process& process, Oracle& oracle, const std::vector<NewAdd>& adds);
  void AddNew(Process& process, Oracle& oracle);
  void AddAgain(Process& process, Oracle& oracle);
  void FillGap(Process& process, Oracle& oracle);
  void AddShut(Process& process, Oracle& oracle);
  void Fence(Process& process, Oracle& oracle, LedgerId ledger);
  void FenceUsed(Process& process, Oracle& oracle);
  void Read(Process& process, Oracle& oracle, LedgerId ledger, std::vector<EntryId> ids,
            bool fence);
  void ReadSome(Process& process, Oracle& oracle);
  void Lac(Process& process, Oracle& oracle, LedgerId ledger, bool fence);
  void WriteLac(Process& process, Oracle& oracle);
  void List(Process& process, Oracle& oracle);
  void DeleteOld(Process& process, Oracle& oracle);
  void FenceBuried(Process& process, Oracle& oracle);
  void HideOne(Process& process);
  void LoseRecords(Process& process, const Oracle& oracle);
  void Begin(Process& process, LedgerId ledger);

  common::Random random_;
  std::uint64_t wanted_;
  std::uint64_t entries_ = 0;
  std::uint64_t deletes_ = 0;
  std::uint64_t fences_ = 0;
  std::uint64_t accepted_ = 0;
  std::int64_t era_ = -1;
  std::uint64_t era_ends_ = 0;
  std::int64_t next_ledger_ = 0;
  std::vector<Writer> writers_;
  std::vector<Writer> past_;        // of the era before
  std::vector<LedgerId> used_;      // of this era
  std::deque<LedgerId> old_;        // to be deleted
  std::vector<Writer> shut_;        // fenced or deleted
  std::vector<LedgerId> deleting_;  // by the cluster, and the bookie does not know yet
  int under_way_ = 0;
  bool fresh_ = true;                  // nothing was done since the restart
  bool records_lost_ = false;          // all of them, for this life
  bool hid_one_ = false;               // in this life
  common::TimePoint show_again_ = {};  // when one record is hidden
  std::deque<std::string> recent_;
};

}  // namespace quire::crash
