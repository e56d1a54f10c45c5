#include "tests/crash/audit.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "bookie/extent.h"
#include "bookie/index.h"
#include "bookie/index_format.h"
#include "bookie/segment_format.h"
#include "common/check.h"
#include "tests/bookie/all_ledgers.h"
#include "tests/crash/workload.h"

namespace quire::crash {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

// Above all that the workload writes.
constexpr EntryId kProbe(1'000'000);

std::ptrdiff_t SegmentFiles(Machine& machine) {
  const auto names = machine.segments().List();
  QUIRE_CHECK(names.has_value());
  return std::ranges::count_if(
      *names, [](const auto& name) { return bookie::ParseSegmentName(name).has_value(); });
}

class Auditor {
 public:
  Auditor(Process& process, Oracle& oracle) : process_(process), oracle_(oracle) {}

  std::uint64_t Run() {
    oracle_.Restarted();
    oracle_.Saw(process_.shard().Status());
    std::set<LedgerId> all;
    for (const auto& [ledger, state] : oracle_.ledgers()) all.insert(ledger);
    const auto there = AllLedgers(process_.shard(), false);
    const auto deleted = AllLedgers(process_.shard(), true);
    for (const auto* named : {&there, &deleted}) {
      for (const LedgerId ledger : *named) {
        if (!all.contains(ledger)) oracle_.Violate(ledger, "nobody ever named this ledger");
        found_[ledger].known = true;
      }
    }
    for (const LedgerId ledger : deleted) found_[ledger].deleted = true;
    AskStates();
    ListAll();
    ReadAll();
    CheckSegments();
    for (const LedgerId ledger : all) oracle_.Settle(ledger, std::move(found_[ledger]));
    Probe();
    return entries_;
  }

 private:
  bool limbo(LedgerId ledger) const { return oracle_.limbo(ledger); }

  void AskStates() {
    for (auto& [ledger, found] : found_) {
      process_.shard().Lac(
          {.bookie = {}, .ledger = ledger, .key = {}},
          [this, ledger, &found](const protocol::LacReply& reply) {
            if (found.deleted != (reply.code == Code::kNoLedger)) {
              oracle_.Violate(ledger, "named, and denied when asked for its LAC");
            } else if (!found.deleted && !limbo(ledger) && reply.code != Code::kOk) {
              oracle_.Violate(ledger, "does not tell its LAC");
            }
            found.lac = reply.lac;
            found.fenced = reply.fenced;
          });
    }
    process_.Settle();
  }

  void ListAll() {
    for (auto& [ledger, found] : found_) {
      if (found.deleted) continue;
      if (limbo(ledger)) {  // it lists nothing; what may be there is asked for by name
        for (const auto& [id, entry] : oracle_.ledgers().at(ledger).entries) {
          wanted_[ledger].push_back(id);
        }
        continue;
      }
      List(ledger, EntryId(0));
    }
    process_.Settle();
  }

  void List(LedgerId ledger, EntryId from) {
    process_.shard().ListEntries({.bookie = {}, .ledger = ledger, .from = from, .max_runs = 16},
                                 [this, ledger](const protocol::ListEntriesReply& reply) {
                                   if (reply.code != Code::kOk)
                                     return oracle_.Violate(ledger, "cannot be listed");
                                   for (const protocol::EntryRun& run : reply.runs) {
                                     auto& ids = wanted_[ledger];
                                     if (!ids.empty() && run.first <= ids.back())
                                       oracle_.Violate(ledger, run.first, "is listed twice");
                                     for (std::int64_t i = 0; i < run.count; ++i)
                                       ids.push_back(run.first + i);
                                   }
                                   if (reply.next_entry != protocol::kNoEntry)
                                     List(ledger, reply.next_entry);
                                 });
  }

  void ReadAll() {
    for (const auto& [ledger, ids] : wanted_) {
      if (!ids.empty()) Read(ledger, ids);
      // An absence that is not listed must not be there by name either.
      if (!limbo(ledger)) Read(ledger, {kProbe});
    }
    process_.Settle();
  }

  void Read(LedgerId ledger, std::vector<EntryId> ids) {
    protocol::ReadRequest request;
    request.ledger = ledger;
    request.entries = ids;
    process_.shard().Read(
        std::move(request), [this, ledger, ids = std::move(ids)](const protocol::ReadReply& reply) {
          if (reply.code != Code::kOk || reply.answers.empty()) {
            return oracle_.Violate(ledger, "cannot be read");
          }
          for (std::size_t i = 0; i < reply.answers.size(); ++i)
            Take(ledger, ids[i], reply.answers[i]);
          const auto rest = ids.begin() + static_cast<std::ptrdiff_t>(reply.answers.size());
          if (rest != ids.end()) Read(ledger, {rest, ids.end()});
        });
  }

  void Take(LedgerId ledger, EntryId id, const protocol::EntryAnswer& answer) {
    if (id == kProbe) {
      if (answer.code != Code::kNoEntry) oracle_.Violate(ledger, "no denial of what never was");
    } else if (answer.code == Code::kOk) {
      ++entries_;
      found_[ledger].entries.emplace(id, answer.bytes);
    } else if (!limbo(ledger)) {
      oracle_.Violate(ledger, id, "listed, and cannot be read");
    } else if (answer.code != Code::kUnknown) {
      oracle_.Violate(ledger, id, "denied by a ledger in limbo");
    }
  }

  // What a crash left of segments that no commit knows is gone.
  void CheckSegments() {
    const auto files = SegmentFiles(process_.machine());
    const auto segments = process_.shard().Status().segments;
    if (std::cmp_not_equal(files, segments)) {
      oracle_.Violate("there are " + std::to_string(files) + " segment files, the index knows " +
                      std::to_string(segments));
    }
  }

  void Probe() {
    std::vector<std::pair<LedgerId, Oracle::Bytes>> shut;
    std::vector<protocol::Add> adds;
    for (const auto& [ledger, state] : oracle_.ledgers()) {
      if (state.known && !state.deleted && !state.limbo &&
          process_.shard().HasKey(ledger, {.high = 1, .low = 1})) {
        oracle_.Violate(ledger, "has forgotten its key");
      }
      if (!state.fenced && !state.deleted && !state.limbo) continue;
      shut.emplace_back(ledger, Workload::MakeEntry(ledger, kProbe, 0));
      adds.push_back({.entry = *shut.back().second, .key = Workload::KeyOf(ledger)});
    }
    process_.shard().Add(adds, [this, &shut](const std::vector<Code>& codes) {
      for (std::size_t i = 0; i < codes.size(); ++i) {
        if (codes[i] == Code::kFenced) continue;
        oracle_.Violate(shut[i].first, "takes adds, although it is shut");
      }
    });
    process_.Settle();
  }

  Process& process_;
  Oracle& oracle_;
  std::map<LedgerId, Oracle::Found> found_;
  std::map<LedgerId, std::vector<EntryId>> wanted_;
  std::uint64_t entries_ = 0;
};

}  // namespace

void CheckIndex(Machine& machine, Oracle& oracle) {
  const auto options = Process::Options(machine.env(), 0);
  auto index = bookie::Index::Open(options.store.index_path, options.store.index_env);
  if (!index) return oracle.Violate("the index cannot be opened: " + index.error().ToString());
  const auto states = (*index)->TakeStates();
  const auto tombstones = (*index)->TakeTombstones();
  std::map<bookie::SegmentId, std::uint64_t> live;
  LedgerId ledger(-1);
  EntryId last = protocol::kNoEntry;
  const auto cursor = (*index)->Scan();
  for (cursor->Seek(std::string(1, bookie::kExtentKind));
       cursor->valid() && cursor->key().front() == bookie::kExtentKind; cursor->Next()) {
    const auto of = bookie::ParseExtentLedger(cursor->key());
    const auto first = of ? bookie::ParseExtentKey(cursor->key(), *of) : std::nullopt;
    const auto content = bookie::OpenValue(cursor->key(), cursor->value());
    QUIRE_CHECK(first && content);
    const auto extent = bookie::Extent::Decode(*first, *content);
    QUIRE_CHECK(extent.has_value());
    if (*of != std::exchange(ledger, *of)) last = protocol::kNoEntry;
    if (extent->first() <= last) oracle.Violate(*of, *first, "is in two extents of the index");
    last = extent->last();
    live[extent->segment()] += extent->bytes();
    const auto state = states.find(*of);
    if (state == states.end() || extent->last() > state->second.last_entry) {
      oracle.Violate(*of, extent->last(), "is in the index and above the last entry of its state");
    }
    if (tombstones.Contains(*of) || (state != states.end() && state->second.deleted)) {
      oracle.Violate(*of, *first, "is in the index, although the ledger is buried there");
    }
  }
  for (const auto& [segment, space] : (*index)->segments()) {
    if (live[segment] == space.live) continue;
    oracle.Violate(bookie::SegmentName(segment) + " counts " + std::to_string(space.live) +
                   " live bytes, its extents have " + std::to_string(live[segment]));
  }
  if (live.size() > (*index)->segments().size()) {
    oracle.Violate("extents lie in a segment that the index does not know");
  }
}

std::uint64_t Audit(Process& process, Oracle& oracle) {
  return Auditor(process, oracle).Run();
}

void CheckServes(Process& process, Oracle& oracle, LedgerId ledger) {
  process.machine().records().Begin(ledger, Workload::KeyOf(ledger));
  std::vector<Oracle::AskedAdd> asked;
  std::vector<protocol::Add> adds;
  for (std::int64_t id = 0; id < 4; ++id) {
    const auto bytes = Workload::MakeEntry(ledger, EntryId(id), 0);
    asked.push_back(oracle.Add(ledger, EntryId(id), bytes, false, false));
    adds.push_back({.entry = *asked.back().bytes, .key = Workload::KeyOf(ledger)});
  }
  std::optional<std::vector<Code>> codes;
  process.shard().Add(adds, [&](std::vector<Code> answer) { codes = std::move(answer); });
  process.Settle();
  if (!codes || std::ranges::any_of(*codes, [](Code code) { return code != Code::kOk; })) {
    return oracle.Violate(ledger, "the bookie does not serve new adds");
  }
  for (std::size_t i = 0; i < asked.size(); ++i) oracle.Answer(asked[i], (*codes)[i]);
  const auto read = oracle.Read(ledger, {EntryId(0), EntryId(3)}, false);
  std::optional<protocol::ReadReply> reply;
  protocol::ReadRequest request;
  request.ledger = ledger;
  request.entries = read.ids;
  process.shard().Read(std::move(request),
                       [&](protocol::ReadReply got) { reply = std::move(got); });
  process.Settle();
  if (!reply) return oracle.Violate(ledger, "a read was never answered");
  oracle.Answer(read, *reply);
}

void CheckGivesSpaceBack(Process& process, Oracle& oracle) {
  LedgerRecords& records = process.machine().records();
  records.Restore();  // that so many are missing would not be believed
  for (const auto& [ledger, state] : oracle.ledgers()) {
    oracle.Delete(ledger);
    records.Begin(ledger, Workload::KeyOf(ledger));
    records.MarkDeleted(ledger, process.wall_ms());
  }
  // At most half of them go in one.
  for (int round = 0; round < 10; ++round) process.Wait(Process::kCollection);
  const auto left = AllLedgers(process.shard(), false);
  if (!left.empty()) oracle.Violate(left.front(), "was deleted and is not collected");
  const auto files = SegmentFiles(process.machine());
  if (process.shard().Status().segments != 0 || files != 0) {
    oracle.Violate("all ledgers are deleted, and " + std::to_string(files) + " segments stay");
  }
}

}  // namespace quire::crash
