#include "tests/crash/workload.h"

#include <algorithm>
#include <utility>

#include "protocol/entry.h"
#include "tests/bookie/all_ledgers.h"

namespace quire::crash {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

// Well spread bits of its arguments.
std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t bits = a * 0x9e3779b97f4a7c15ULL + b;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return bits ^ (bits >> 31);
}

std::size_t PayloadBytes(std::uint64_t chance) {
  const std::uint64_t kind = chance % 1000;
  const std::uint64_t size = chance / 1000;
  if (kind < 700) return size % 200;
  if (kind < 930) return 200 + size % 1000;
  if (kind < 992) return 1200 + size % 4000;
  if (kind < 999) return 5000 + size % 25'000;
  return 70'000 + size % 60'000;  // more than a file of the journal
}

std::string Name(LedgerId ledger) {
  return std::to_string(ledger.value());
}

}  // namespace

Workload::Workload(std::uint64_t seed, std::uint64_t entries) : random_(seed), wanted_(entries) {
  BeginEra();
}

protocol::LedgerKey Workload::KeyOf(LedgerId ledger) {
  const auto id = static_cast<std::uint64_t>(ledger.value());
  return {.high = Mix(id, 1), .low = Mix(id, 2)};
}

Oracle::Bytes Workload::MakeEntry(LedgerId ledger, EntryId entry, int version) {
  const auto id = static_cast<std::uint64_t>(entry.value());
  std::uint64_t bits = Mix(static_cast<std::uint64_t>(ledger.value()), id);
  const auto back = static_cast<std::int64_t>(Mix(bits, 3) % 8);
  const EntryId lac(std::max<std::int64_t>(-1, entry.value() - 1 - back));
  std::string payload(PayloadBytes(Mix(bits, 4)), '\0');
  for (char& byte : payload) {
    bits = bits * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(bits >> 56);
  }
  payload += "version " + std::to_string(version);
  std::string bytes;
  protocol::EncodeEntry({.ledger = ledger, .entry = entry, .lac = lac, .length = 0}, payload,
                        bytes);
  return std::make_shared<const std::string>(std::move(bytes));
}

void Workload::Note(std::string what) {
  recent_.push_back(std::move(what));
  if (recent_.size() > kRecent) recent_.pop_front();
}

void Workload::Restarted() {
  under_way_ = 0;
  fresh_ = true;
}

void Workload::Step(Process& process, Oracle& oracle) {
  LoseRecords(process, oracle);
  FenceBuried(process, oracle);
  oracle.set_failed(process.shard().mode() == bookie::ShardMode::kFailed);
  const bool ask = under_way_ < kMostUnderWay && process.shard().Accepting() && Below(100) < 35;
  if (ask || !process.Turn(random_)) Request(process, oracle);
  if (process.machine().powered()) oracle.Saw(process.shard().Status());
}

void Workload::Drain(Process& process, Oracle& oracle) {
  process.Settle();
  if (!process.machine().powered()) return;
  oracle.Saw(process.shard().Status());
  if (under_way_ > 0) {
    oracle.Violate(std::to_string(under_way_) + " requests were never answered");
  }
}

void Workload::Request(Process& process, Oracle& oracle) {
  if (entries_ >= era_ends_) BeginEra();
  const std::uint64_t kind = Below(100);
  if (kind < 50) return AddNew(process, oracle);
  if (kind < 56) return AddAgain(process, oracle);
  if (kind < 63) return FillGap(process, oracle);
  if (kind < 66) return AddShut(process, oracle);
  if (kind < 68) return FenceUsed(process, oracle);
  if (kind < 70) return Fence(process, oracle, NextLedger());
  if (kind < 75) return WriteLac(process, oracle);
  if (kind < 84) return ReadSome(process, oracle);
  if (kind < 87) return Lac(process, oracle, AnyLedger(), false);
  if (kind < 90) return List(process, oracle);
  if (kind < 99) return DeleteOld(process, oracle);
  HideOne(process);
}

void Workload::BeginEra() {
  past_ = writers_;
  // Of each fourth era the ledgers stay.
  if (era_ % 4 != 3) old_.insert(old_.end(), used_.begin(), used_.end());
  ++era_;
  era_ends_ += kEntriesOfAnEra;
  next_ledger_ = era_ * 1000;
  writers_.clear();
  used_.clear();
  while (writers_.size() < kLedgersOfAnEra) {
    writers_.push_back({.ledger = NextLedger(), .next = EntryId(0)});
  }
}

LedgerId Workload::NextLedger() {
  const LedgerId ledger(next_ledger_++);
  used_.push_back(ledger);
  return ledger;
}

LedgerId Workload::AnyLedger() {
  if (Below(8) == 0) return LedgerId(kLimboLedgers[Below(2)]);
  if (!shut_.empty() && Below(3) == 0) return shut_[Below(shut_.size())].ledger;
  return AnyWriter().ledger;
}

void Workload::Submit(Process& process, Oracle& oracle, const std::vector<NewAdd>& adds) {
  std::vector<Oracle::AskedAdd> asked;
  std::vector<protocol::Add> requests;
  std::string note = "add";
  for (const NewAdd& add : adds) {
    Begin(process, add.ledger);
    auto bytes = MakeEntry(add.ledger, add.entry, add.version);
    note += " " + Name(add.ledger) + ":" + std::to_string(add.entry.value()) +
            (add.version > 0 ? "'" : "") + (add.recovery ? "r" : "");
    asked.push_back(
        oracle.Add(add.ledger, add.entry, std::move(bytes), add.recovery, add.wrong_key));
    const LedgerId key = add.wrong_key ? add.ledger + 1 : add.ledger;
    requests.push_back({.entry = *asked.back().bytes, .key = KeyOf(key), .recovery = add.recovery});
  }
  Note(std::move(note));
  ++under_way_;
  process.shard().Add(requests,
                      [this, &oracle, asked = std::move(asked)](const std::vector<Code>& codes) {
                        --under_way_;
                        if (codes.size() != asked.size())
                          return oracle.Violate("adds without an answer");
                        for (std::size_t i = 0; i < codes.size(); ++i) {
                          oracle.Answer(asked[i], codes[i]);
                          if (codes[i] == Code::kOk) ++accepted_;
                        }
                      });
}

void Workload::AddNew(Process& process, Oracle& oracle) {
  std::vector<NewAdd> adds;
  const std::uint64_t count = 1 + Below(Below(4) == 0 ? 24 : 6);
  for (std::uint64_t i = 0; i < count; ++i) {
    Writer& writer = AnyWriter();
    if (Below(10) == 0) ++writer.next;  // the gap may be filled later
    adds.push_back({.ledger = writer.ledger, .entry = writer.next});
    ++writer.next;
  }
  entries_ += count;
  Submit(process, oracle, adds);
}

void Workload::AddAgain(Process& process, Oracle& oracle) {
  std::vector<NewAdd> adds;
  const std::uint64_t count = 1 + Below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Writer& writer = AnyWriter();
    const auto below = static_cast<std::uint64_t>(writer.next.value() + 1);
    adds.push_back({.ledger = writer.ledger,
                    .entry = EntryId(static_cast<std::int64_t>(Below(below))),
                    .version = Below(6) == 0 ? 1 : 0,
                    .recovery = Below(4) == 0});
    const auto known = oracle.ledgers().find(writer.ledger);
    adds.back().wrong_key =
        Below(12) == 0 && known != oracle.ledgers().end() && known->second.known;
  }
  Submit(process, oracle, adds);
}

// What recovery does late: extents that may be on their way to another segment change.
void Workload::FillGap(Process& process, Oracle& oracle) {
  if (past_.empty()) return AddAgain(process, oracle);
  const Writer& writer = past_[Below(past_.size())];
  const auto known = oracle.ledgers().find(writer.ledger);
  std::vector<NewAdd> gaps;
  for (EntryId id(0); id < writer.next; id = id + 1) {
    if (known != oracle.ledgers().end() && known->second.entries.contains(id)) continue;
    gaps.push_back({.ledger = writer.ledger, .entry = id, .recovery = true});
  }
  if (gaps.empty()) return AddAgain(process, oracle);
  std::ranges::shuffle(gaps, random_);
  gaps.resize(std::min<std::size_t>(gaps.size(), 2));
  Submit(process, oracle, gaps);
}

// Refused, but for recovery adds to ledgers that were not deleted.
void Workload::AddShut(Process& process, Oracle& oracle) {
  std::vector<NewAdd> adds;
  for (std::uint64_t left = 1 + Below(4); left > 0; --left) {
    const bool limbo = shut_.empty() || Below(4) == 0;
    const Writer target =
        limbo ? Writer{LedgerId(kLimboLedgers[Below(2)]), EntryId(30)} : shut_[Below(shut_.size())];
    const auto below = static_cast<std::uint64_t>(target.next.value() + 4);
    adds.push_back({.ledger = target.ledger,
                    .entry = EntryId(static_cast<std::int64_t>(Below(below))),
                    .recovery = Below(2) == 0});
  }
  Submit(process, oracle, adds);
}

void Workload::Fence(Process& process, Oracle& oracle, LedgerId ledger) {
  ++fences_;
  Begin(process, ledger);
  if (Below(2) == 0) return Lac(process, oracle, ledger, true);
  std::vector<EntryId> ids;
  for (const Writer& writer : writers_) {
    if (writer.ledger == ledger) ids = {writer.next - 1, writer.next, writer.next + 1};
  }
  std::erase_if(ids, [](EntryId id) { return id.value() < 0; });
  if (ids.empty()) ids = {EntryId(0)};
  Read(process, oracle, ledger, std::move(ids), true);
}

// Another writer takes its place.
void Workload::FenceUsed(Process& process, Oracle& oracle) {
  Writer& writer = AnyWriter();
  Fence(process, oracle, writer.ledger);
  shut_.push_back(writer);
  writer = {.ledger = NextLedger(), .next = EntryId(0)};
}

void Workload::Read(Process& process, Oracle& oracle, LedgerId ledger, std::vector<EntryId> ids,
                    bool fence) {
  Note((fence ? "fence and read " : "read ") + Name(ledger) + ":" +
       std::to_string(ids.front().value()));
  ++under_way_;
  auto asked = oracle.Read(ledger, ids, fence);
  process.shard().Read({.bookie = {},
                        .ledger = ledger,
                        .entries = std::move(ids),
                        .fence = fence,
                        .key = fence ? KeyOf(ledger) : protocol::LedgerKey{}},
                       [this, &oracle, asked = std::move(asked)](const protocol::ReadReply& reply) {
                         --under_way_;
                         oracle.Answer(asked, reply);
                       });
}

void Workload::ReadSome(Process& process, Oracle& oracle) {
  const LedgerId ledger = AnyLedger();
  std::vector<EntryId> ids;
  for (std::uint64_t left = 1 + Below(12); left > 0; --left) {
    ids.emplace_back(static_cast<std::int64_t>(Below(64)));
  }
  Read(process, oracle, ledger, std::move(ids), false);
}

void Workload::Lac(Process& process, Oracle& oracle, LedgerId ledger, bool fence) {
  Note((fence ? "fence " : "LAC of ") + Name(ledger));
  ++under_way_;
  const auto asked = oracle.Lac(ledger, fence);
  process.shard().Lac({.bookie = {},
                       .ledger = ledger,
                       .fence = fence,
                       .key = fence ? KeyOf(ledger) : protocol::LedgerKey{}},
                      [this, &oracle, asked](const protocol::LacReply& reply) {
                        --under_way_;
                        oracle.Answer(asked, reply);
                      });
}

void Workload::WriteLac(Process& process, Oracle& oracle) {
  const LedgerId ledger = AnyLedger();
  const EntryId value(static_cast<std::int64_t>(Below(60)));
  Begin(process, ledger);
  Note("write LAC " + Name(ledger) + ":" + std::to_string(value.value()));
  ++under_way_;
  const auto asked = oracle.WriteLac(ledger, value);
  process.shard().WriteLac({.bookie = {},
                            .ledger = ledger,
                            .key = KeyOf(ledger),
                            .record = protocol::EncodeLac(ledger, value)},
                           [this, &oracle, asked](protocol::WriteLacReply reply) {
                             --under_way_;
                             oracle.Answer(asked, reply);
                           });
}

void Workload::List(Process& process, Oracle& oracle) {
  const LedgerId ledger = AnyLedger();
  Note("list " + Name(ledger));
  ++under_way_;
  process.shard().ListEntries(
      {.bookie = {}, .ledger = ledger, .from = EntryId(static_cast<std::int64_t>(Below(20)))},
      [this, &oracle, ledger](const protocol::ListEntriesReply& reply) {
        --under_way_;
        oracle.Answer(ledger, reply);
      });
}

void Workload::Begin(Process& process, LedgerId ledger) {
  process.machine().records().Begin(ledger, KeyOf(ledger));
}

// Some records are marked, some vanish, as if the grace time had passed while the bookie was away.
void Workload::DeleteOld(Process& process, Oracle& oracle) {
  LedgerRecords& records = process.machine().records();
  if (old_.empty() || records_lost_) return AddNew(process, oracle);
  const LedgerId ledger = old_.front();
  old_.pop_front();
  const bool vanishes = Below(3) == 0;
  Note((vanishes ? "erase " : "delete ") + Name(ledger));
  Begin(process, ledger);
  oracle.Delete(ledger);
  if (vanishes) {
    records.Erase(ledger);
  } else {
    records.MarkDeleted(ledger, process.wall_ms());
  }
  ++deletes_;
  shut_.push_back({.ledger = ledger, .next = EntryId(4)});
  deleting_.push_back(ledger);
}

// Its answer promises that the burial, of just now, is durable.
void Workload::FenceBuried(Process& process, Oracle& oracle) {
  if (deleting_.empty()) return;
  const auto buried = AllLedgers(process.shard(), true);
  const auto found = std::ranges::find_if(
      deleting_, [&](LedgerId ledger) { return std::ranges::binary_search(buried, ledger); });
  if (found == deleting_.end()) return;
  const LedgerId ledger = *found;
  deleting_.erase(found);
  if (Below(3) > 0) Lac(process, oracle, ledger, true);
}

// For less than the interval of the collector and once in a life: the record is missed once.
void Workload::HideOne(Process& process) {
  LedgerRecords& records = process.machine().records();
  if (records_lost_ || std::exchange(hid_one_, true)) return;
  const LedgerId ledger = AnyWriter().ledger;
  Note("hide the record of " + Name(ledger));
  records.Hide(ledger);
  show_again_ = process.now() + Process::kCollection - std::chrono::milliseconds(1);
}

// In some lives the metadata store has lost all records, and nothing may be concluded from that.
// Records that begin meanwhile are lost too: the collector would believe a store that has most.
void Workload::LoseRecords(Process& process, const Oracle& oracle) {
  LedgerRecords& records = process.machine().records();
  if (std::exchange(fresh_, false)) {
    const auto keeps = [](const auto& ledger) {
      return ledger.second.known && !ledger.second.delete_asked;
    };
    records.Show();
    hid_one_ = false;
    records_lost_ = Below(6) == 0 && std::ranges::count_if(oracle.ledgers(), keeps) >= kMostGone;
  }
  if (records_lost_) return records.HideAll();
  if (records.hidden() && process.now() >= show_again_) records.Show();
}

}  // namespace quire::crash
