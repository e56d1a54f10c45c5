#include "client/reader.h"

#include <algorithm>
#include <utility>

#include "client/entry_fetch.h"
#include "client/lac_query.h"
#include "protocol/limits.h"

namespace quire::client {
namespace {

// Entries asked for in one round. Replies are bounded in bytes too; the rest is asked again.
constexpr std::int64_t kEntriesPerRead = 1024;
constexpr std::int32_t kPollMillis = 20'000;
constexpr common::Duration kRereadPause = std::chrono::milliseconds(200);

}  // namespace

using common::Errc;
using common::Fail;
using metadata::LedgerState;
using protocol::Code;
using protocol::EntryId;

Reader::Reader(Services& services, metadata::VersionedLedger ledger)
    : services_(services), ledger_(std::move(ledger)) {}

Reader::~Reader() = default;

void Reader::Start() {
  // Watch first, read second: nothing is missed between the two.
  RereadMetadata();
}

void Reader::Stop() {
  stopped_ = true;
  watch_.reset();
  if (waiting_) EndWait(Fail(Errc::kShutdown));
}

Progress Reader::progress() const {
  if (ledger_.value->state == LedgerState::kClosed) return {ledger_.value->last_entry, true};
  return {lac_, false};
}

void Reader::Read(EntryId first, EntryId last, ReadDone done) {
  const Progress now = progress();
  if (first < EntryId(0) || last < first) {
    return done(Fail(Errc::kInvalidArgument, "entries " + std::to_string(first.value()) + " to " +
                                                 std::to_string(last.value())));
  }
  if (last > now.lac) {
    return done(Fail(Errc::kNoSuchEntry, "entry " + std::to_string(last.value()) + " of ledger " +
                                             std::to_string(ledger_.value->id.value()) +
                                             " is above the last " +
                                             (now.closed ? "entry " : "confirmed entry known, ") +
                                             std::to_string(now.lac.value())));
  }
  std::vector<EntryId> entries;
  for (EntryId entry = first; entry <= last && entry - first < kEntriesPerRead; ++entry) {
    entries.push_back(entry);
  }
  // Each bookie gets its turn at a constant distance, by which it tells what will be read next.
  const protocol::Replication& replication = ledger_.value->replication;
  const int preferred = preferred_;
  preferred_ =
      (preferred_ + EntryFetch::CallsFor(replication, entries.size())) % replication.ensemble;
  EntryFetch::Start(services_, ledger_, std::move(entries), preferred, std::move(done));
}

void Reader::ReadLac(ProgressDone done) {
  if (progress().closed) return done(progress());
  QueryLac(services_, ledger_,
           [self = shared_from_this(), done = std::move(done)](auto lac) mutable {
             if (self->progress().closed) return done(self->progress());
             if (!lac) return done(Fail(std::move(lac).error()));
             self->Advance(*lac);
             done(self->progress());
             self->CheckWait();
           });
}

void Reader::Adopt(metadata::VersionedLedger ledger) {
  if (ledger.version.value >= ledger_.version.value) ledger_ = std::move(ledger);
  // Everything below the last segment was confirmed before that segment began.
  Advance(ledger_.value->LastSegmentFirst() - 1);
  CheckWait();
}

void Reader::Advance(EntryId lac) {
  lac_ = std::max(lac_, lac);
}

void Reader::RereadMetadata() {
  if (stopped_) return;
  if (reread_under_way_) {  // it may have read before the change that we were told of now
    reread_again_ = true;
    return;
  }
  reread_under_way_ = true;
  reread_again_ = false;
  watch_ = services_.ledgers.Watch(ledger_.value->id, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->RereadMetadata();
  });
  services_.ledgers.Read(ledger_.value->id, [self = shared_from_this()](auto ledger) {
    self->reread_under_way_ = false;
    if (self->stopped_) return;
    if (self->reread_again_) self->RereadMetadata();
    if (ledger) return self->Adopt(*std::move(ledger));
    if (ledger.error().code() == Errc::kNoSuchLedger) {
      if (self->waiting_) self->EndWait(Fail(std::move(ledger).error()));
      return;
    }
    self->RereadLater();  // the store is away; reading goes on meanwhile
  });
}

void Reader::RereadLater() {
  if (reread_timer_) return;
  reread_timer_ = true;
  services_.loop.After(kRereadPause, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->reread_timer_ = false;
    self->RereadMetadata();
  });
}

void Reader::Wait(EntryId known, common::Duration at_most, ProgressDone done) {
  if (stopped_) return done(Fail(Errc::kShutdown));
  if (waiting_) return done(Fail(Errc::kInvalidArgument, "this reader is waiting already"));
  const Progress now = progress();
  if (now.closed || now.lac > known) return done(now);
  waiting_ = std::move(done);
  wait_known_ = known;
  wait_timer_ = services_.loop.After(at_most, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->wait_timer_ = 0;
    if (self->waiting_) self->EndWait(self->progress());
  });
  Poll();
}

// Every bookie of the last ensemble is asked, so that one that is slow or misses entries holds
// nobody up. Polls of an earlier Wait that are still open serve this one too: they wait for a LAC
// above one that was known before.
void Reader::Poll() {
  const metadata::Ensemble ensemble = ledger_.value->LastEnsemble();
  polls_.resize(ensemble.size());
  for (std::size_t slot = 0; slot < ensemble.size(); ++slot) {
    if (!polls_[slot].busy || polls_[slot].bookie != ensemble[slot]) PollSlot(slot, ensemble[slot]);
  }
}

void Reader::PollSlot(std::size_t slot, protocol::BookieId bookie) {
  polls_[slot] = {.bookie = bookie, .call = polls_[slot].call + 1, .busy = true};
  protocol::LacRequest request;
  request.bookie = bookie;
  request.ledger = ledger_.value->id;
  request.known_lac = lac_;
  request.wait_ms = kPollMillis;
  services_.ChannelTo(bookie)->Lac(
      request, [self = shared_from_this(), slot, call = polls_[slot].call, known = lac_,
                begin = services_.loop.Now()](protocol::LacReply reply) {
        if (reply.code == Code::kOk) self->Advance(reply.lac);
        if (self->stopped_) return;
        const bool helps = reply.code == Code::kOk && !reply.fenced;
        if (call == self->polls_[slot].call) {
          // One that cannot help, or did not wait as it was asked to (it holds no more polls),
          // rests before it is asked again (T-39).
          const bool waited =
              reply.lac > known || self->services_.loop.Now() - begin >= kRereadPause;
          if (helps && waited) {
            self->polls_[slot].busy = false;
          } else {
            self->PauseSlot(slot);
          }
        }
        self->CheckWait();
        // A fenced ledger will be closed by somebody, and a bookie that cannot help may have been
        // replaced: the metadata tells.
        if (!helps && self->waiting_) self->RereadMetadata();
      });
}

void Reader::PauseSlot(std::size_t slot) {
  services_.loop.After(kRereadPause, [weak = weak_from_this(), slot, call = polls_[slot].call] {
    const auto self = weak.lock();
    if (!self || call != self->polls_[slot].call) return;
    self->polls_[slot].busy = false;
    self->CheckWait();
  });
}

void Reader::CheckWait() {
  if (!waiting_) return;
  const Progress now = progress();
  if (now.closed || now.lac > wait_known_) return EndWait(now);
  Poll();
}

void Reader::EndWait(common::Result<Progress> result) {
  if (wait_timer_ != 0) services_.loop.Cancel(wait_timer_);
  wait_timer_ = 0;
  ProgressDone done = std::exchange(waiting_, nullptr);
  done(std::move(result));
}

}  // namespace quire::client
