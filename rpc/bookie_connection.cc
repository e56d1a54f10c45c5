#include "rpc/bookie_connection.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "protocol/entry.h"
#include "protocol/limits.h"
#include "rpc/frame_codec.h"
#include "rpc/message_codec.h"

namespace quire::rpc {
namespace {

using protocol::Code;
using std::chrono::milliseconds;

// A frame of adds is closed, and sent if no write is under way, when it is so large: bookies begin
// with it while the rest of a burst is still being made.
constexpr std::size_t kFullFrameBytes = std::size_t{128} * 1024;
static_assert(kFullFrameBytes / AddFrame::kOverheadBytes < protocol::kMaxEntriesPerCall);
constexpr std::size_t kMaxEntryBytes = protocol::kMaxPayloadBytes + protocol::kEntryOverheadBytes;
// So many calls without answer and without a byte received since they were made: the connection is
// taken for dead although the network has not said so.
constexpr int kMaxSilentTimeouts = 3;
constexpr std::size_t kSpareTickets = 8;
constexpr milliseconds kMaxTimeout = std::chrono::hours(1);

std::int32_t ToMs(common::Duration duration) {
  const auto ms = std::chrono::duration_cast<milliseconds>(duration);
  return static_cast<std::int32_t>(std::clamp(ms, milliseconds(1), kMaxTimeout).count());
}

}  // namespace

BookieConnection::BookieConnection(AsioLoop& loop, common::Random& random,
                                   const PoolOptions& options, std::string address)
    : loop_(loop),
      options_(options),
      address_(std::move(address)),
      backoff_(options.least_backoff, options.most_backoff, random) {}

void BookieConnection::Add(protocol::BookieId bookie, const protocol::Add& add, AddTicket ticket) {
  const std::size_t bytes = add.entry.size() + AddFrame::kOverheadBytes;
  auto refusal = add.entry.size() > kMaxEntryBytes ? Code::kBadRequest : Refusal(bytes);
  if (refusal) {
    loop_.Post([ticket = std::move(ticket), code = *refusal] { ticket.sink->OnAdd(ticket, code); });
    return;
  }
  OpenAdds& open = OpenFor(bookie);
  open.frame.Append(add);
  open.tickets.push_back(std::move(ticket));
  open.bytes += bytes;
  open_bytes_ += bytes;
  if (open.frame.bytes() >= kFullFrameBytes) {
    const auto place = open_.begin() + (&open - open_.data());
    Seal(std::move(*place));
    open_.erase(place);
    return Flush();
  }
  FlushLater();
}

void BookieConnection::Read(protocol::ReadRequest request,
                            common::Callback<protocol::ReadReply> done) {
  Call(std::move(request), std::move(done), 0);
}
void BookieConnection::Lac(protocol::LacRequest request,
                           common::Callback<protocol::LacReply> done) {
  const std::int32_t wait_ms = request.wait_ms;
  Call(request, std::move(done), wait_ms);
}
void BookieConnection::WriteLac(protocol::WriteLacRequest request,
                                common::Callback<protocol::WriteLacReply> done) {
  Call(std::move(request), std::move(done), 0);
}
void BookieConnection::ListEntries(protocol::ListEntriesRequest request,
                                   common::Callback<protocol::ListEntriesReply> done) {
  Call(request, std::move(done), 0);
}
void BookieConnection::Status(protocol::StatusRequest request,
                              common::Callback<protocol::StatusReply> done) {
  Call(request, std::move(done), 0);
}

template <typename Request, typename Reply>
void BookieConnection::Call(Request request, common::Callback<Reply> done, std::int32_t wait_ms) {
  if (request.deadline_ms <= 0) request.deadline_ms = ToMs(options_.call_timeout);
  const auto seqid = static_cast<std::int32_t>(++last_seqid_);
  auto refusal = Refusal(0);
  const std::size_t before = queue_.bytes();
  if (!refusal) {
    queue_.Compose([&](std::string& out) {
      if (!AppendCall(out, seqid, request)) refusal = Code::kBadRequest;
    });
  }
  if (refusal) {
    loop_.Post([done = std::move(done), code = *refusal]() mutable {
      Reply reply;
      reply.code = code;
      done(std::move(reply));
    });
    return;
  }
  PendingCall call;
  call.issued = loop_.Now();
  call.deadline =
      call.issued + milliseconds(request.deadline_ms) + milliseconds(std::max(wait_ms, 0));
  call.bytes = queue_.bytes() - before;
  call.done = [done = std::move(done)](Code code, std::string_view body) mutable {
    Reply reply;
    const bool good = code != Code::kOk || DecodeReply(body, reply);
    if (!good) reply = Reply();
    if (!good || code != Code::kOk) reply.code = good ? code : Code::kDisconnected;
    done(std::move(reply));
    return good;
  };
  TimeOutAt(call.deadline);
  pending_.Insert(seqid, std::move(call));
  FlushLater();
}

std::optional<Code> BookieConnection::Refusal(std::size_t bytes) {
  if (state_ == State::kBackingOff) wanted_ = true;
  if (state_ == State::kBackingOff || state_ == State::kShutdown) return Code::kDisconnected;
  // What timed out is not outstanding any more but may still wait to be written.
  const std::size_t held = open_bytes_ + std::max(pending_.bytes(), queue_.bytes());
  if (held + bytes > options_.max_outstanding_bytes) return Code::kBusy;
  if (state_ == State::kIdle) Connect();
  return std::nullopt;
}

BookieConnection::OpenAdds& BookieConnection::OpenFor(protocol::BookieId bookie) {
  for (OpenAdds& open : open_) {
    if (open.frame.bookie() == bookie) return open;
  }
  std::string block = queue_.TakeBlock();
  block.reserve(last_frame_bytes_);
  std::vector<AddTicket> tickets;
  if (!spare_tickets_.empty()) {
    tickets = std::move(spare_tickets_.back());
    spare_tickets_.pop_back();
  }
  const common::TimePoint now = loop_.Now();
  TimeOutAt(now + options_.add_timeout);
  const auto seqid = static_cast<std::int32_t>(++last_seqid_);
  return open_.emplace_back(AddFrame(std::move(block), seqid, bookie, ToMs(options_.add_timeout)),
                            std::move(tickets), now);
}

void BookieConnection::Seal(OpenAdds open) {
  open_bytes_ -= open.bytes;
  const auto seqid = open.frame.seqid();
  std::string block = std::move(open.frame).Seal();
  last_frame_bytes_ = block.size();
  PendingCall call;
  call.issued = open.issued;
  call.deadline = open.issued + options_.add_timeout;
  call.bytes = block.size();
  call.adds = std::move(open.tickets);
  pending_.Insert(seqid, std::move(call));
  queue_.Push(std::move(block));
}

void BookieConnection::SealAll() {
  for (OpenAdds& open : open_) Seal(std::move(open));
  open_.clear();
}

void BookieConnection::Connect() {
  state_ = State::kConnecting;
  connector_ = std::make_unique<Connector>(
      loop_, address_, options_.connect_timeout,
      [weak = weak_from_this()](std::expected<Socket, std::string> socket) {
        if (const auto self = weak.lock()) self->OnConnected(std::move(socket));
      });
}

void BookieConnection::OnConnected(std::expected<Socket, std::string> socket) {
  connector_.reset();
  if (!socket) return Break();
  state_ = State::kReady;
  stream_ = std::make_shared<FrameStream>(loop_, std::move(*socket),
                                          static_cast<FrameStream::Owner&>(*this));
  stream_->Start();
  Flush();
}

// While a write is under way adds collect; OnWritten() sends them. Else they collect until the turn
// of the loop ends.
void BookieConnection::FlushLater() {
  if (state_ != State::kReady || stream_->writing() || flush_posted_) return;
  flush_posted_ = true;
  loop_.Post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->flush_posted_ = false;
    self->Flush();
  });
}

void BookieConnection::Flush() {
  if (state_ != State::kReady || stream_->writing()) return;
  SealAll();
  if (!queue_.empty()) stream_->Write(queue_.Take());
}

void BookieConnection::OnWritten(std::vector<std::string> blocks) {
  queue_.GiveBack(std::move(blocks));
  Flush();
}

FrameStream::Taken BookieConnection::OnFrame(std::string_view frame) {
  constexpr auto kTaken = FrameStream::Taken::kYes;
  const auto self = shared_from_this();  // a callback may drop the pool
  backoff_.Reset();
  silent_timeouts_ = 0;
  Message message;
  if (!ParseMessage(frame, message) || message.type != MessageType::kReply) {
    Break();
    return kTaken;
  }
  auto call = pending_.Take(message.seqid);
  if (!call) return kTaken;  // came after its call had timed out
  if (call->adds.empty()) {
    if (!call->done(Code::kOk, message.body)) Break();
    return kTaken;
  }
  std::int32_t retry_after_ms = 0;
  if (!DecodeAddReply(message.body, codes_, &retry_after_ms) ||
      codes_.size() != call->adds.size()) {
    pending_.Insert(message.seqid, std::move(*call));  // ends like the others
    Break();
    return kTaken;
  }
  for (std::size_t i = 0; i < codes_.size(); ++i) {
    if (codes_[i] == Code::kBusy) call->adds[i].retry_after_ms = retry_after_ms;
    call->adds[i].sink->OnAdd(call->adds[i], codes_[i]);
  }
  if (spare_tickets_.size() < kSpareTickets) {
    call->adds.clear();
    spare_tickets_.push_back(std::move(call->adds));
  }
  return kTaken;
}

void BookieConnection::OnBroken(const std::string& /*reason*/, bool /*frame_too_large*/) {
  Break();
}

void BookieConnection::Break() {
  if (state_ == State::kShutdown) return;
  DisconnectAllLater();
  state_ = State::kBackingOff;
  wanted_ = false;
  loop_.After(backoff_.Next(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->state_ != State::kBackingOff) return;
    self->state_ = State::kIdle;
    if (self->wanted_) self->Connect();
  });
}

void BookieConnection::Shutdown() {
  if (state_ == State::kShutdown) return;
  DisconnectAllLater();
  state_ = State::kShutdown;
}

void BookieConnection::DisconnectAllLater() {
  connector_.reset();
  if (stream_) stream_->Close();
  stream_.reset();
  SealAll();
  queue_ = SendQueue(kKeptBytes);
  silent_timeouts_ = 0;
  loop_.Cancel(timer_);
  timer_ = 0;
  if (pending_.size() == 0) return;
  loop_.Post([calls = pending_.TakeAll()]() mutable {
    for (PendingCall& call : calls) Complete(call, Code::kDisconnected);
  });
}

void BookieConnection::Complete(PendingCall& call, Code code) {
  for (const AddTicket& ticket : call.adds) ticket.sink->OnAdd(ticket, code);
  if (call.done) call.done(code, {});
}

void BookieConnection::TimeOutAt(common::TimePoint deadline) {
  if (timer_ != 0 && timer_at_ <= deadline) return;
  loop_.Cancel(timer_);
  timer_at_ = deadline;
  timer_ = loop_.After(deadline - loop_.Now(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTimer();
  });
}

void BookieConnection::OnTimer() {
  timer_ = 0;
  const common::TimePoint now = loop_.Now();
  const common::TimePoint last_byte = stream_ ? stream_->last_received() : common::TimePoint();
  std::vector<PendingCall> expired;
  for (OpenAdds& open : std::exchange(open_, {})) {
    if (open.issued + options_.add_timeout > now) {
      open_.push_back(std::move(open));
      continue;
    }
    // Never sent; not to be sent any more either.
    open_bytes_ -= open.bytes;
    expired.emplace_back().adds = std::move(open.tickets);
  }
  while (auto call = pending_.TakeExpired(now)) {
    if (stream_ && last_byte <= call->issued) ++silent_timeouts_;
    expired.push_back(std::move(*call));
  }
  if (const auto next = pending_.NextDeadline()) TimeOutAt(*next);
  for (const OpenAdds& open : open_) TimeOutAt(open.issued + options_.add_timeout);
  if (silent_timeouts_ >= kMaxSilentTimeouts) Break();
  for (PendingCall& call : expired) Complete(call, Code::kTimeout);
}

}  // namespace quire::rpc
