#include "rpc/server_connection.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/check.h"
#include "protocol/entry.h"
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

// What a read is taken to bring until its answer is there: the bound on the replies of a connection
// has to act before they all come at once.
constexpr std::size_t kExpectedEntryBytes = std::size_t{64} * 1024;
std::size_t AskedBytes(const protocol::ReadRequest& request) {
  const auto asked = static_cast<std::size_t>(request.max_bytes);
  return asked == 0 ? protocol::kMaxReadReplyBytes : std::min(asked, protocol::kMaxReadReplyBytes);
}
std::size_t ExpectedBytes(const protocol::ReadRequest& request) {
  return std::min(request.entries.size() * kExpectedEntryBytes, AskedBytes(request));
}
template <typename Request>
std::size_t ExpectedBytes(const Request& /*request*/) {
  return 0;
}

// The most memory that a call can take on its way: the bound that all connections share is kept by
// those who are let in, so it has to hold whatever they bring.
constexpr std::size_t kCallBytes = 512;
constexpr std::size_t kAskedEntryBytes = 128;  // an id, on its way to an answer
constexpr std::size_t kAddBytes = 16;          // a code, on its way to a reply
constexpr std::size_t kMaxEntryBytes = protocol::kMaxPayloadBytes + protocol::kEntryOverheadBytes;
std::size_t MostBytes(const protocol::ReadRequest& request) {
  const std::size_t count = request.entries.size();
  // The entry that reaches the bound goes over it.
  return kCallBytes + count * kAskedEntryBytes +
         std::min(count * kMaxEntryBytes, AskedBytes(request) + kMaxEntryBytes);
}
std::size_t MostBytes(const protocol::ListEntriesRequest& request) {
  const auto asked = static_cast<std::size_t>(request.max_runs);
  return kCallBytes + kAskedEntryBytes * (asked == 0 ? protocol::kMaxEntriesPerCall : asked);
}
template <typename Request>
std::size_t MostBytes(const Request& /*request*/) {
  return kCallBytes;
}
static_assert(kLeastReceiveBytes >= FrameStream::kLeastBudget);
static_assert(kLeastReplyBytes * 3 / 4 > kCallBytes + protocol::kMaxReadReplyBytes +
                                             kMaxEntryBytes +
                                             protocol::kMaxEntriesPerCall * kAskedEntryBytes);

template <typename Request>
protocol::BookieId BookieOf(const Request& request) {
  if constexpr (requires { request.bookie; }) {
    return request.bookie;
  } else {
    return {};
  }
}

// Before it is composed, so that a large reply is not moved while it grows.
std::size_t ReplyBytes(const protocol::ReadReply& reply) {
  std::size_t bytes = 0;
  for (const protocol::EntryAnswer& answer : reply.answers) bytes += answer.bytes.size() + 32;
  return bytes + 128;
}
template <typename Reply>
std::size_t ReplyBytes(const Reply& /*reply*/) {
  return 0;
}

}  // namespace

ServerConnection::ServerConnection(ServerShared& shared, Socket socket)
    : shared_(shared),
      stream_(std::make_shared<FrameStream>(shared.loop, std::move(socket),
                                            static_cast<FrameStream::Owner&>(*this),
                                            shared.received)),
      held_(shared.replies) {}

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
  const bool accepting = shared_.handler.Accepting();
  // Adds wait in their connection's memory for as long as nobody else needs it.
  if (!accepting && !shared_.received->awaited()) {
    RetryWhenAccepting();
    return Taken::kNotNow;
  }
  AddCall& call = shared_.add_call;
  const Decoded decoded = DecodeAddCall(message.body, call);
  if (decoded == Decoded::kMalformed) return OnMalformed();
  if (decoded == Decoded::kBadRequest) return RefuseAdds(message.seqid, Code::kBadRequest);
  if (Expired(call.deadline_ms)) return RefuseAdds(message.seqid, Code::kExpired);
  if (!accepting) {
    ++shared_.stats.busy;
    return RefuseAdds(message.seqid, Code::kBusy);
  }
  const std::size_t count = call.adds.size();
  const std::size_t bytes = kCallBytes + count * kAddBytes;
  if (!Admits(bytes, 0)) return Taken::kNotNow;
  for (protocol::Add& add : call.adds) add.deadline_ms = call.deadline_ms;
  ++calls_;
  ++shared_.stats.calls;
  shared_.stats.adds += count;
  shared_.handler.Add(call.bookie, call.adds,
                      [weak = weak_from_this(), seqid = message.seqid, bookie = call.bookie, count,
                       held = common::ByteBudget::Hold(shared_.replies, bytes)](
                          const std::vector<Code>& codes) mutable {
                        QUIRE_CHECK(codes.size() == count);
                        held.Resize(0);
                        const auto self = weak.lock();
                        if (!self) return;
                        --self->calls_;
                        self->AnswerAdds(seqid, bookie, codes);
                      });
  return Taken::kYes;
}

FrameStream::Taken ServerConnection::RefuseAdds(std::int32_t seqid, Code code) {
  const AddCall& call = shared_.add_call;
  AnswerAdds(seqid, call.bookie, std::vector<Code>(call.adds.size(), code));
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
    Answer(message.seqid, BookieOf(request), std::move(refusal));
    return Taken::kYes;
  }
  // What may bring much leaves some of the budget to what brings little.
  const std::size_t most = MostBytes(request);
  if (!Admits(most, most > kCallBytes ? shared_.replies->most() / 4 : 0)) return Taken::kNotNow;
  ++(long_poll ? long_polls_ : calls_);
  const protocol::BookieId bookie = BookieOf(request);
  const std::size_t expected = ExpectedBytes(request);
  expected_bytes_ += expected;
  ++shared_.stats.calls;
  (shared_.handler.*method)(
      std::move(request),
      [weak = weak_from_this(), seqid = message.seqid, bookie, long_poll, expected,
       held = common::ByteBudget::Hold(shared_.replies, most)](Reply reply) mutable {
        held.Resize(0);
        const auto self = weak.lock();
        if (!self) return;
        --(long_poll ? self->long_polls_ : self->calls_);
        self->expected_bytes_ -= expected;
        self->Answer(seqid, bookie, std::move(reply));
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

void ServerConnection::AnswerAdds(std::int32_t seqid, protocol::BookieId bookie,
                                  std::span<const Code> codes) {
  const bool busy = std::ranges::find(codes, Code::kBusy) != codes.end();
  const std::int32_t retry_after_ms = busy ? shared_.handler.RetryAfterMs(bookie) : 0;
  replies_.Compose([&](std::string& out) { AppendAddReply(out, seqid, codes, retry_after_ms); });
  held_.Resize(replies_.bytes());
  EndTurnLater();
}

template <typename Reply>
void ServerConnection::Answer(std::int32_t seqid, protocol::BookieId bookie, Reply reply) {
  if constexpr (requires { reply.retry_after_ms; }) {
    if (reply.code == Code::kBusy) reply.retry_after_ms = shared_.handler.RetryAfterMs(bookie);
  }
  replies_.Compose([&](std::string& out) {
    out.reserve(out.size() + ReplyBytes(reply));
    if (AppendReply(out, seqid, std::move(reply))) return;
    Reply too_large;
    too_large.code = Code::kUnknown;
    QUIRE_CHECK(AppendReply(out, seqid, std::move(too_large)));
  });
  held_.Resize(replies_.bytes());
  EndTurnLater();
}

bool ServerConnection::OverBounds() const {
  return calls_ >= shared_.options.max_calls ||
         replies_.bytes() + expected_bytes_ >= shared_.options.max_reply_bytes;
}

// Room in the budget of all connections; without it the connection goes on when there is some.
bool ServerConnection::Admits(std::size_t bytes, std::size_t left_free) {
  common::ByteBudget& replies = *shared_.replies;
  const std::size_t room = bytes + left_free;
  const auto turn =
      left_free == 0 ? common::ByteBudget::Turn::kFirst : common::ByteBudget::Turn::kUsual;
  if (replies.Has(room, turn)) return true;
  if (std::exchange(awaits_room_, true)) return false;
  const auto go_on = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->awaits_room_ = false;
    self->stream_->Resume();
  };
  replies.Await(room, go_on, turn);
  return false;
}

// The deadline counts from the arrival of the bytes: it passes for calls that a pause held up.
bool ServerConnection::Expired(std::int32_t& deadline_ms) {
  if (deadline_ms == 0) return false;
  const auto limit = std::chrono::milliseconds(std::min(deadline_ms, kMaxDeadlineMs));
  const auto left = limit - (shared_.loop.Now() - stream_->last_received());
  deadline_ms =
      static_cast<std::int32_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  if (left > common::Duration::zero()) return false;
  ++shared_.stats.expired;
  return true;
}

const char* ServerConnection::Stalled(common::TimePoint now) {
  const ServerOptions& options = shared_.options;
  const FrameStream::Waits waits = stream_->waits();
  const auto limit = [&](const common::ByteBudget& budget) {
    return budget.awaited() ? options.pressed_stall_limit : options.stall_limit;
  };
  if (waits.taken && now - *waits.taken >= limit(*shared_.replies)) {
    return "it does not take its replies";
  }
  if (!waits.frame) return nullptr;
  const bool pressed =
      shared_.received->awaited() && now - waits.last_received >= options.pressed_stall_limit;
  if (pressed || now - *waits.frame >= options.stall_limit) return "it does not end its frame";
  return nullptr;
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
  held_.Resize(replies_.bytes());
  if (replies_.empty()) replies_.DropSpare();  // a connection that is idle holds nothing
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
