#include "rpc/server_connection.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/check.h"
#include "protocol/limits.h"
#include "rpc/message_codec.h"

namespace quire::rpc {
namespace {

using protocol::Code;

// A longer deadline is as good as none to a server and only a chance for overflow.
constexpr std::int32_t kMaxDeadlineMs = 3'600'000;
// How soon a bookie that takes no adds is asked again: about ten syncs of its journal.
constexpr auto kAcceptingRetry = std::chrono::milliseconds(1);

bool IsLongPoll(const protocol::LacRequest& request) {
  return request.wait_ms > 0;
}
template <typename Request>
bool IsLongPoll(const Request& /*request*/) {
  return false;
}

// What a read is taken to bring until its answer is there: the bound on replies has to act before
// they all come at once.
constexpr std::size_t kExpectedEntryBytes = std::size_t{64} * 1024;
std::size_t ExpectedBytes(const protocol::ReadRequest& request) {
  const auto asked = static_cast<std::size_t>(request.max_bytes);
  const std::size_t most = asked == 0 ? protocol::kMaxReadReplyBytes : asked;
  return std::min(
      {request.entries.size() * kExpectedEntryBytes, most, protocol::kMaxReadReplyBytes});
}
template <typename Request>
std::size_t ExpectedBytes(const Request& /*request*/) {
  return 0;
}

}  // namespace

ServerConnection::ServerConnection(ServerShared& shared, Socket socket)
    : shared_(shared),
      stream_(std::make_shared<FrameStream>(shared.loop, std::move(socket),
                                            static_cast<FrameStream::Owner&>(*this))) {}

FrameStream::Taken ServerConnection::OnFrame(std::string_view frame) {
  const auto self = shared_from_this();
  if (last_words_ || OverBounds()) return Taken::kNotNow;
  Message message;
  if (!ParseMessage(frame, message) || message.type != MessageType::kCall) return OnMalformed();
  if (message.name == kAddMethod) return OnAdd(message);
  if (message.name == kReadMethod) return OnCall(message, &BookieHandler::Read);
  if (message.name == kLacMethod) return OnCall(message, &BookieHandler::Lac);
  if (message.name == kWriteLacMethod) return OnCall(message, &BookieHandler::WriteLac);
  if (message.name == kListEntriesMethod) return OnCall(message, &BookieHandler::ListEntries);
  if (message.name == kStatusMethod) return OnCall(message, &BookieHandler::Status);
  return OnUnknown(message);
}

FrameStream::Taken ServerConnection::OnAdd(const Message& message) {
  if (!shared_.handler.Accepting()) {
    RetryWhenAccepting();
    return Taken::kNotNow;
  }
  const Decoded decoded = DecodeAddCall(message.body, add_call_);
  if (decoded == Decoded::kMalformed) return OnMalformed();
  const std::size_t count = add_call_.adds.size();
  if (decoded == Decoded::kBadRequest) {
    AnswerAdds(message.seqid, std::vector<Code>(count, Code::kBadRequest));
    return Taken::kYes;
  }
  if (Expired(add_call_.deadline_ms)) {
    AnswerAdds(message.seqid, std::vector<Code>(count, Code::kExpired));
    return Taken::kYes;
  }
  ++calls_;
  ++shared_.stats.calls;
  shared_.stats.adds += count;
  shared_.handler.Add(
      add_call_.bookie, add_call_.adds,
      [weak = weak_from_this(), seqid = message.seqid, count](const std::vector<Code>& codes) {
        QUIRE_CHECK(codes.size() == count);
        const auto self = weak.lock();
        if (!self) return;
        --self->calls_;
        self->AnswerAdds(seqid, codes);
      });
  return Taken::kYes;
}

template <typename Request, typename Reply>
FrameStream::Taken ServerConnection::OnCall(
    const Message& message, void (BookieHandler::*method)(Request, common::Callback<Reply>)) {
  Request request;
  const Decoded decoded = DecodeCall(message.body, request);
  if (decoded == Decoded::kMalformed) return OnMalformed();
  const bool long_poll = IsLongPoll(request);
  Reply refusal;
  refusal.code = Code::kOk;
  if (decoded == Decoded::kBadRequest) {
    refusal.code = Code::kBadRequest;
  } else if (Expired(request.deadline_ms)) {
    refusal.code = Code::kExpired;
  } else if (long_poll && long_polls_ >= shared_.options.max_long_polls) {
    refusal.code = Code::kBusy;
  }
  if (refusal.code != Code::kOk) {
    Answer(message.seqid, std::move(refusal));
    return Taken::kYes;
  }
  ++(long_poll ? long_polls_ : calls_);
  const std::size_t expected = ExpectedBytes(request);
  expected_bytes_ += expected;
  ++shared_.stats.calls;
  (shared_.handler.*method)(std::move(request), [weak = weak_from_this(), seqid = message.seqid,
                                                 long_poll, expected](Reply reply) {
    const auto self = weak.lock();
    if (!self) return;
    --(long_poll ? self->long_polls_ : self->calls_);
    self->expected_bytes_ -= expected;
    self->Answer(seqid, std::move(reply));
  });
  return Taken::kYes;
}

FrameStream::Taken ServerConnection::OnUnknown(const Message& message) {
  ++shared_.stats.malformed;
  replies_.Compose(
      [&](std::string& out) { AppendUnknownMethod(out, message.name, message.seqid); });
  last_words_ = true;
  EndTurnLater();
  return Taken::kYes;
}

FrameStream::Taken ServerConnection::OnMalformed() {
  ++shared_.stats.malformed;
  Finish();
  return Taken::kYes;
}

void ServerConnection::AnswerAdds(std::int32_t seqid, std::span<const Code> codes) {
  replies_.Compose([&](std::string& out) { AppendAddReply(out, seqid, codes); });
  EndTurnLater();
}

template <typename Reply>
void ServerConnection::Answer(std::int32_t seqid, Reply reply) {
  replies_.Compose([&](std::string& out) {
    if (AppendReply(out, seqid, std::move(reply))) return;
    Reply too_large;
    too_large.code = Code::kUnknown;
    QUIRE_CHECK(AppendReply(out, seqid, std::move(too_large)));
  });
  EndTurnLater();
}

bool ServerConnection::OverBounds() const {
  return calls_ >= shared_.options.max_calls ||
         replies_.bytes() + expected_bytes_ >= shared_.options.max_reply_bytes;
}

// The deadline counts from the arrival of the bytes: it passes for calls that a pause held up.
bool ServerConnection::Expired(std::int32_t deadline_ms) {
  if (deadline_ms == 0) return false;
  const auto limit = std::chrono::milliseconds(std::min(deadline_ms, kMaxDeadlineMs));
  if (shared_.loop.Now() - stream_->last_received() < limit) return false;
  ++shared_.stats.expired;
  return true;
}

void ServerConnection::RetryWhenAccepting() {
  if (std::exchange(retry_set_, true)) return;
  shared_.loop.After(kAcceptingRetry, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->retry_set_ = false;
    self->stream_->Resume();
  });
}

// Replies of one turn leave together; reading goes on in a turn of its own, not inside the handler.
void ServerConnection::EndTurnLater() {
  if (std::exchange(end_of_turn_posted_, true)) return;
  shared_.loop.Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->EndTurn();
  });
}

void ServerConnection::EndTurn() {
  end_of_turn_posted_ = false;
  if (!stream_->writing()) {
    if (!replies_.empty()) {
      stream_->Write(replies_.Take());
    } else if (last_words_) {
      return Finish();
    }
  }
  if (!last_words_ && !OverBounds()) stream_->Resume();
}

void ServerConnection::OnWritten(std::vector<std::string> blocks) {
  const auto self = shared_from_this();
  replies_.GiveBack(std::move(blocks));
  EndTurn();
}

void ServerConnection::OnBroken(const std::string& /*reason*/, bool frame_too_large) {
  if (frame_too_large) ++shared_.stats.malformed;
  Finish();
}

void ServerConnection::Finish() {
  stream_->Close();
  shared_.on_closed(shared_from_this());
}

}  // namespace quire::rpc
