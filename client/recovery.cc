#include "client/recovery.h"

#include <utility>

#include "client/entry_fetch.h"

namespace quire::client {

namespace {

constexpr int kMaxBusyReads = 100;  // in a row, of one read

}  // namespace

using protocol::Code;
using protocol::EntryId;

void Recovery::Start(Services& services, metadata::VersionedLedger ledger, Done done) {
  const auto recovery = std::make_shared<Recovery>(services, std::move(ledger), std::move(done));
  recovery->Run([&](RecoveryEffects& effects) { recovery->protocol_.Start(effects); });
}

Recovery::Recovery(Services& services, metadata::VersionedLedger ledger, Done done)
    : services_(services),
      was_closed_(ledger.value->state == metadata::LedgerState::kClosed),
      protocol_(std::move(ledger), services.Picker()),
      done_(std::move(done)) {}

template <typename Step>
void Recovery::Run(Step step) {
  RecoveryEffects effects;
  step(effects);
  Apply(effects);
}

void Recovery::Apply(RecoveryEffects& effects) {
  if (effects.finished) return Finish();
  const auto self = shared_from_this();
  if (effects.claim) {
    services_.ledgers.Update(protocol_.ledger(), RecoveryProtocol::ClaimUpdate(),
                             services_.timing.metadata, [self](auto result) {
                               self->Run([&](RecoveryEffects& next) {
                                 self->protocol_.OnClaimed(std::move(result), next);
                               });
                             });
  }
  if (effects.fence) SendFence();
  for (auto& ask : effects.reads) Read(ask.slot, std::move(ask.entries));
  for (const auto& send : effects.sends) Send(send);
  if (!effects.send_later.empty()) {
    const auto pause = services_.BusyPause(retry_after_ms_);
    services_.loop.After(pause, [self, sends = effects.send_later] {
      for (const auto& send : sends) {
        if (self->protocol_.ShouldResend(send)) self->Send(send);
      }
    });
  }
  if (effects.read_length) ReadLength(*effects.read_length);
  if (effects.close) {
    services_.ledgers.Update(protocol_.ledger(), protocol_.CloseUpdate(), services_.timing.metadata,
                             [self](auto result) {
                               self->Run([&](RecoveryEffects& next) {
                                 self->protocol_.OnClosed(std::move(result), next);
                               });
                             });
  }
}

void Recovery::SendFence() {
  const metadata::LedgerMetadata& ledger = *protocol_.ledger().value;
  const auto deadline = services_.read_deadline_ms();
  for (int slot = 0; slot < ledger.replication.ensemble; ++slot) {
    const auto bookie = protocol_.frozen()[static_cast<std::size_t>(slot)];
    protocol::LacRequest request;
    request.bookie = bookie;
    request.deadline_ms = deadline;
    request.ledger = ledger.id;
    request.fence = true;
    request.key = ledger.key;
    services_.ChannelTo(bookie)->Lac(
        request, [self = shared_from_this(), slot](protocol::LacReply reply) {
          self->Run([&](RecoveryEffects& effects) {
            self->protocol_.OnFenced(slot, reply.code, reply.lac, effects);
          });
        });
  }
}

// Every recovery read carries the fence flag (T-01).
void Recovery::Read(int slot, std::vector<EntryId> entries, int refusals) {
  const metadata::LedgerMetadata& ledger = *protocol_.ledger().value;
  const auto bookie = protocol_.frozen()[static_cast<std::size_t>(slot)];
  protocol::ReadRequest request;
  request.bookie = bookie;
  request.deadline_ms = services_.read_deadline_ms();
  request.ledger = ledger.id;
  request.entries = entries;
  request.fence = true;
  request.key = ledger.key;
  services_.ChannelTo(bookie)->Read(
      std::move(request), [self = shared_from_this(), slot, entries = std::move(entries),
                           id = ledger.id, refusals](protocol::ReadReply reply) {
        // Busy is no answer: the same bookie will have one in a moment.
        if (reply.code == Code::kBusy && refusals < kMaxBusyReads) {
          return self->ReadLater(slot, entries, refusals + 1, reply.retry_after_ms);
        }
        const bool cut = reply.code == Code::kOk && !reply.answers.empty() &&
                         reply.answers.size() < entries.size();
        const std::size_t answered = cut ? reply.answers.size() : entries.size();
        for (std::size_t i = 0; i < answered; ++i) {
          Code code = reply.code;
          std::string bytes;
          if (code == Code::kOk) {
            const bool there = i < reply.answers.size();
            code = there ? reply.answers[i].code : Code::kUnknown;
            if (there) bytes = std::move(reply.answers[i].bytes);
            const bool wrong = code == Code::kOk && !protocol::VerifyEntry(bytes, id, entries[i]);
            if (wrong) code = Code::kCorrupt;
          }
          self->Run([&](RecoveryEffects& effects) {
            self->protocol_.OnRead(slot, entries[i], code, std::move(bytes), effects);
          });
        }
        if (cut && self->protocol_.reading())
          self->Read(slot,
                     {entries.begin() + static_cast<std::ptrdiff_t>(answered), entries.end()});
      });
}

void Recovery::ReadLater(int slot, std::vector<EntryId> entries, int refusals,
                         std::int32_t retry_after_ms) {
  services_.loop.After(
      services_.BusyPause(retry_after_ms),
      [self = shared_from_this(), slot, entries = std::move(entries), refusals]() mutable {
        if (self->protocol_.reading()) self->Read(slot, std::move(entries), refusals);
      });
}

void Recovery::Send(const RecoveryWrites::Send& send) {
  const auto bookie = protocol_.writes().BookieOf(send.slot);
  services_.ChannelTo(bookie)->Add(bookie,
                                   {.entry = protocol_.writes().Bytes(send.entry),
                                    .key = protocol_.ledger().value->key,
                                    .recovery = true},
                                   {.sink = shared_from_this(),
                                    .entry = send.entry,
                                    .slot = send.slot,
                                    .generation = send.generation});
}

void Recovery::OnAdd(const rpc::AddTicket& ticket, Code code) {
  retry_after_ms_ = ticket.retry_after_ms;
  Run([&](RecoveryEffects& effects) {
    protocol_.OnAdd({ticket.entry, ticket.slot, ticket.generation}, code, effects);
  });
}

void Recovery::ReadLength(EntryId entry) {
  EntryFetch::Start(services_, protocol_.ledger(), {entry}, 0,
                    [self = shared_from_this()](auto entries) {
                      self->Run([&](RecoveryEffects& effects) {
                        if (entries) {
                          self->protocol_.OnLength(entries->front().length(), effects);
                        } else {
                          self->protocol_.OnLength(common::Fail(entries.error()), effects);
                        }
                      });
                    });
}

void Recovery::Finish() {
  const auto& result = protocol_.result();
  if (!result) return done_(common::Fail(result.error()));
  done_(Outcome{*result, was_closed_, protocol_.recovered()});
}

}  // namespace quire::client
