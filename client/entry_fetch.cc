#include "client/entry_fetch.h"

#include <algorithm>
#include <utility>

#include "protocol/limits.h"

namespace quire::client {

namespace {

constexpr int kMaxBusyPauses = 100;  // of one fetch
constexpr int kMaxCalls = 4;
constexpr std::size_t kMinEntriesPerCall = 128;  // fewer are not worth a call of their own

}  // namespace

using common::Errc;
using protocol::BookieId;
using protocol::Code;
using protocol::EntryId;

void EntryFetch::Start(Services& services, metadata::VersionedLedger ledger,
                       std::vector<EntryId> entries, int preferred, Done done) {
  const auto fetch = std::make_shared<EntryFetch>(services, std::move(ledger), std::move(entries),
                                                  preferred, std::move(done));
  std::vector<std::size_t> all(fetch->wanted_.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  fetch->AskNext(all);
  fetch->hedge_ = services.loop.After(services.timing.hedge, [fetch] { fetch->OnHedge(); });
}

int EntryFetch::CallsFor(const protocol::Replication& replication, std::size_t entries) {
  if (replication.write_quorum < replication.ensemble) return 1;
  return static_cast<int>(std::clamp<std::size_t>(entries / kMinEntriesPerCall, 1, kMaxCalls));
}

EntryFetch::EntryFetch(Services& services, metadata::VersionedLedger ledger,
                       std::vector<EntryId> entries, int preferred, Done done)
    : services_(services),
      ledger_(std::move(ledger)),
      preferred_(preferred),
      done_(std::move(done)),
      missing_(entries.size()) {
  wanted_.resize(entries.size());
  const auto calls = static_cast<std::size_t>(CallsFor(ledger_.value->replication, entries.size()));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    wanted_[i].entry = entries[i];
    wanted_[i].call = static_cast<int>(i * calls / entries.size());
  }
}

// Healthy slots first, beginning with the preferred one; then those that failed a moment ago.
int EntryFetch::NextSlot(const Wanted& wanted) const {
  const protocol::Replication& replication = ledger_.value->replication;
  const metadata::Ensemble& ensemble = ledger_.value->EnsembleOf(wanted.entry);
  int fallback = -1;
  for (int i = 0; i < replication.ensemble; ++i) {
    const int slot = (preferred_ + wanted.call + i) % replication.ensemble;
    if (wanted.asked.Contains(slot)) continue;
    if (!protocol::InWriteSet(replication, wanted.entry, slot)) continue;
    if (!services_.placement.FailedRecently(ensemble[static_cast<std::size_t>(slot)])) return slot;
    if (fallback < 0) fallback = slot;
  }
  return fallback;
}

void EntryFetch::AskNext(const std::vector<std::size_t>& indices) {
  std::map<Target, std::vector<std::size_t>> asks;
  for (const std::size_t index : indices) {
    Wanted& wanted = wanted_[index];
    const int slot = NextSlot(wanted);
    if (slot < 0) continue;
    wanted.asked.Insert(slot);
    ++wanted.outstanding;
    const auto& ensemble = ledger_.value->EnsembleOf(wanted.entry);
    asks[{ensemble[static_cast<std::size_t>(slot)], slot, wanted.call}].push_back(index);
  }
  for (auto& [target, list] : asks) Ask(target, std::move(list));
}

void EntryFetch::Ask(const Target& target, std::vector<std::size_t> indices) {
  protocol::ReadRequest request;
  request.bookie = target.bookie;
  request.deadline_ms = services_.read_deadline_ms();
  request.ledger = ledger_.value->id;
  for (const std::size_t index : indices) request.entries.push_back(wanted_[index].entry);
  services_.ChannelTo(target.bookie)
      ->Read(std::move(request),
             [self = shared_from_this(), target, indices = std::move(indices)](
                 protocol::ReadReply reply) { self->OnReply(target, indices, std::move(reply)); });
}

void EntryFetch::OnReply(const Target& target, const std::vector<std::size_t>& indices,
                         protocol::ReadReply reply) {
  if (finished_) return;
  if (reply.code == Code::kTimeout || reply.code == Code::kDisconnected) {
    services_.placement.NoteFailure(target.bookie);
  }
  retry_after_ms_ = std::max(retry_after_ms_, reply.retry_after_ms);
  std::vector<std::size_t> again;  // the reply reached its bound of bytes before these
  std::vector<std::size_t> failed;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    Wanted& wanted = wanted_[indices[i]];
    if (reply.code == Code::kOk && i >= reply.answers.size() && i > 0) {
      if (wanted.found) {
        --wanted.outstanding;
      } else {
        again.push_back(indices[i]);
      }
      continue;
    }
    --wanted.outstanding;
    if (wanted.found) continue;
    Code code = reply.code;
    if (code == Code::kOk) {
      code = Code::kUnknown;
      if (i < reply.answers.size()) {
        auto& answer = reply.answers[i];
        code = answer.code;
        if (code == Code::kOk) {
          if (protocol::VerifyEntry(answer.bytes, ledger_.value->id, wanted.entry)) {
            wanted.bytes = std::move(answer.bytes);
            wanted.found = true;
            --missing_;
            continue;
          }
          code = Code::kCorrupt;
        }
      }
    }
    if (!protocol::IsNegative(code)) wanted.unknown = true;
    if (code == Code::kBusy) wanted.busy = true;
    failed.push_back(indices[i]);
  }
  if (!again.empty()) Ask(target, std::move(again));
  if (!failed.empty()) AskNext(failed);
  CheckEnd();
}

// A replica that is merely slow: ask another one as well and take the first.
void EntryFetch::OnHedge() {
  hedge_ = 0;
  if (finished_) return;
  std::vector<std::size_t> slow;
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (!wanted_[i].found) slow.push_back(i);
  }
  AskNext(slow);
  hedge_ = services_.loop.After(services_.timing.hedge,
                                [self = shared_from_this()] { self->OnHedge(); });
}

void EntryFetch::CheckEnd() {
  if (missing_ == 0) {
    std::vector<Entry> entries;
    entries.reserve(wanted_.size());
    for (Wanted& wanted : wanted_) entries.emplace_back(std::move(wanted.bytes));
    return Finish(std::move(entries));
  }
  if (rereading_ || pausing_) return;
  const auto hopeless = std::ranges::find_if(wanted_, [this](const Wanted& wanted) {
    return !wanted.found && wanted.outstanding == 0 && NextSlot(wanted) < 0;
  });
  if (hopeless == wanted_.end()) return;
  if (hopeless->busy && refusals_ < kMaxBusyPauses) return AskBusyLater();
  if (!reread_) return RereadMetadata();
  const std::string what = "ledger " + std::to_string(ledger_.value->id.value()) + " entry " +
                           std::to_string(hopeless->entry.value());
  // Only if every replica denies it is a confirmed entry lost; else somebody may still have it.
  Finish(common::Fail(hopeless->unknown ? Errc::kReadFailed : Errc::kDataLoss, what));
}

void EntryFetch::AskBusyLater() {
  pausing_ = true;
  ++refusals_;
  services_.loop.After(services_.BusyPause(std::exchange(retry_after_ms_, 0)),
                       [self = shared_from_this()] {
                         if (self->finished_) return;
                         self->pausing_ = false;
                         std::vector<std::size_t> rest;
                         for (std::size_t i = 0; i < self->wanted_.size(); ++i) {
                           Wanted& wanted = self->wanted_[i];
                           if (wanted.found || !wanted.busy) continue;
                           wanted.asked = {};
                           wanted.busy = false;
                           rest.push_back(i);
                         }
                         self->AskNext(rest);
                         self->CheckEnd();
                       });
}

void EntryFetch::RereadMetadata() {
  reread_ = rereading_ = true;
  services_.ledgers.Read(ledger_.value->id, [self = shared_from_this()](auto ledger) {
    if (self->finished_) return;
    self->rereading_ = false;
    if (!ledger && ledger.error().code() == Errc::kNoSuchLedger) {
      return self->Finish(common::Fail(std::move(ledger).error()));
    }
    if (ledger) self->ledger_ = *std::move(ledger);
    std::vector<std::size_t> rest;
    for (std::size_t i = 0; i < self->wanted_.size(); ++i) {
      if (self->wanted_[i].found) continue;
      // Everybody whom the newest metadata names is asked, so what they say alone decides.
      self->wanted_[i].asked = {};
      self->wanted_[i].unknown = false;
      rest.push_back(i);
    }
    self->AskNext(rest);
  });
}

void EntryFetch::Finish(common::Result<std::vector<Entry>> result) {
  finished_ = true;
  if (hedge_ != 0) services_.loop.Cancel(hedge_);
  done_(std::move(result));
}

}  // namespace quire::client
