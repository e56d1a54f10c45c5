#include "tests/overload/read_stream.h"

#include <algorithm>
#include <utility>

#include "protocol/entry.h"

namespace quire::overload {

using protocol::Code;

namespace {

constexpr std::size_t kEntriesPerCall = 16;

}  // namespace

ReadStream::ReadStream(rpc::AsioLoop& loop, common::Random& random, const Target& target,
                       std::vector<std::shared_ptr<AddStream>> sources, std::size_t most_calls)
    : loop_(loop),
      random_(random),
      target_(target),
      sources_(std::move(sources)),
      most_calls_(most_calls),
      pool_(loop, random, {}) {}

bool ReadStream::Offer() {
  const AddStream& source = *sources_[common::Below(random_, sources_.size())];
  const auto& ids = source.acknowledged();
  if (outstanding_ >= most_calls_ || ids.empty()) return false;
  protocol::ReadRequest request;
  request.bookie = target_.bookie;
  request.ledger = source.ledger();
  const std::size_t first = common::Below(random_, ids.size());
  for (std::size_t i = first; i < std::min(first + kEntriesPerCall, ids.size()); ++i) {
    request.entries.emplace_back(ids[i]);
  }
  ++outstanding_;
  const auto ledger = request.ledger;
  auto entries = request.entries;
  pool_.Get(target_.address)
      ->Read(std::move(request), [self = shared_from_this(), begun = loop_.Now(), ledger,
                                  entries = std::move(entries)](protocol::ReadReply reply) {
        --self->outstanding_;
        if (reply.code != Code::kOk) {
          ++self->refused_;
          self->wrong_ += reply.code == Code::kNoLedger ? 1 : 0;
          return;
        }
        self->latencies_.Add(self->loop_.Now() - begun);
        for (std::size_t i = 0; i < reply.answers.size(); ++i) {
          const auto& answer = reply.answers[i];
          ++self->entries_;
          const bool right = answer.code == Code::kOk &&
                             protocol::VerifyEntry(answer.bytes, ledger, entries[i]).has_value();
          if (!right) ++self->wrong_;
        }
      });
  return true;
}

}  // namespace quire::overload
