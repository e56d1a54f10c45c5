#include "rpc/frame_stream.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <utility>

#include "common/check.h"
#include "rpc/frame_codec.h"

namespace quire::rpc {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// A peer that is gone without a word is noticed after about a minute, busy or idle.
constexpr int kIdleSeconds = 30;
constexpr int kProbeSeconds = 10;
constexpr int kProbes = 3;
constexpr int kUnackedMs = 60'000;

// At most in one system call.
constexpr std::size_t kWriteBytes = std::size_t{256} * 1024;

void Configure(Socket& socket) {
  error_code ignored;  // without one of these the connection works, only less well
  ignored = socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  ignored = socket.set_option(asio::socket_base::keep_alive(true), ignored);
  ignored = socket.non_blocking(true, ignored);
  const auto set = [&](int name, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, sizeof(value));
  };
  set(TCP_KEEPIDLE, kIdleSeconds);
  set(TCP_KEEPINTVL, kProbeSeconds);
  set(TCP_KEEPCNT, kProbes);
  set(TCP_USER_TIMEOUT, kUnackedMs);
}

std::string PeerOf(const Socket& socket) {
  error_code gone;
  const auto peer = socket.remote_endpoint(gone);
  return gone ? "somebody" : peer.address().to_string() + ":" + std::to_string(peer.port());
}

}  // namespace

FrameStream::FrameStream(const common::Loop& loop, Socket socket, Owner& owner,
                         std::shared_ptr<common::ByteBudget> received)
    : loop_(loop),
      socket_(std::move(socket)),
      peer_(PeerOf(socket_)),
      owner_(&owner),
      received_(std::move(received)),
      held_(received_),
      last_received_(loop.Now()) {
  Configure(socket_);
}

// Waits without memory: an idle connection has none.
void FrameStream::AwaitBytes() {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const error_code& failed) {
    self->OnReadable(failed);
  });
}

void FrameStream::OnReadable(const error_code& failed) {
  if (owner_ == nullptr) return;
  if (failed) return Break(failed.message(), false);
  if (!HasRoom()) return;
  awaits_room_ = false;
  const auto space = input_.Space();
  error_code error;
  const std::size_t bytes = socket_.read_some(asio::buffer(space.data(), space.size()), error);
  if (error && error != asio::error::would_block) return Break(error.message(), false);
  if (bytes > 0) {
    input_.Filled(bytes);
    last_received_ = loop_.Now();
  }
  Deliver();
}

// Room for what the next read brings; without it reading goes on when there is some.
bool FrameStream::HasRoom() {
  using Turn = common::ByteBudget::Turn;
  if (!received_) return true;
  const bool in_frame = input_.in_frame();
  if (in_frame && granted_ == input_.need_bytes()) return true;
  // Of a new frame the length is not known: what comes at first may take half of the budget, so
  // that there is always some to end the frames that were begun.
  const std::size_t need = std::max(input_.need_bytes(), held_.bytes());
  const std::size_t room =
      in_frame ? need - held_.bytes() : ReceiveBuffer::kScratchBytes + received_->most() / 2;
  const Turn turn = in_frame ? Turn::kFirst : Turn::kUsual;
  if (received_->Has(room, turn)) {
    if (in_frame) {
      granted_ = input_.need_bytes();
      held_.Resize(need);
    }
    return true;
  }
  awaits_room_ = true;
  const auto go_on = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnReadable({});
  };
  received_->Await(room, go_on, turn);
  return false;
}

void FrameStream::Deliver() {
  while (owner_ != nullptr) {
    const FrameView first = FirstFrame(input_.content());
    if (first.state == FrameState::kTooLarge) return Break("frame too large", true);
    if (first.state == FrameState::kIncomplete) break;
    if (owner_->OnFrame(first.frame) == Taken::kNotNow) {
      paused_ = true;
      break;
    }
    input_.Consume(first.need_bytes);
    granted_ = 0;
    frame_begun_.reset();
  }
  EndDelivery();
}

void FrameStream::EndDelivery() {
  input_.Settle();
  if (owner_ == nullptr) return;
  if (!input_.empty() && !frame_begun_) frame_begun_ = loop_.Now();
  held_.Resize(std::max(input_.capacity(), granted_));
  if (!paused_) AwaitBytes();
}

void FrameStream::Resume() {
  if (!paused_ || owner_ == nullptr) return;
  paused_ = false;
  const auto self = shared_from_this();
  Deliver();
}

FrameStream::Waits FrameStream::waits() {
  if (writing()) LookWhatWasTaken();
  Waits waits;
  if (!input_.empty() && !paused_ && !awaits_room_) waits.frame = frame_begun_;
  waits.last_received = last_received_;
  if (writing()) waits.taken = last_taken_;
  return waits;
}

void FrameStream::Write(std::vector<std::string> blocks) {
  QUIRE_CHECK(!writing() && !blocks.empty());
  if (owner_ == nullptr) return;
  blocks_ = std::move(blocks);
  buffers_.clear();
  for (const std::string& block : blocks_) buffers_.push_back(asio::buffer(block));
  last_taken_ = loop_.Now();
  // Asked before each write of a part, with the sum of those before.
  const auto go_on = [self = shared_from_this(), before = sent_bytes_](
                         const error_code& failed, std::size_t bytes) -> std::size_t {
    self->sent_bytes_ = before + bytes;
    return failed ? 0 : kWriteBytes;
  };
  asio::async_write(socket_, buffers_, go_on,
                    [self = shared_from_this(), before = sent_bytes_](const error_code& failed,
                                                                      std::size_t bytes) {
                      self->sent_bytes_ = before + bytes;
                      auto written = std::exchange(self->blocks_, {});
                      if (self->owner_ == nullptr) return;
                      if (failed) return self->Break(failed.message(), false);
                      self->owner_->OnWritten(std::move(written));
                    });
}

// Counted are bytes that the peer's machine has acknowledged: the kernel here takes more only when
// a good part of its own buffer, which may be megabytes, has become free.
void FrameStream::LookWhatWasTaken() {
  int waiting = 0;
  if (::ioctl(socket_.native_handle(), SIOCOUTQ, &waiting) != 0) return;
  // Of a write whose end is not yet known here the kernel may have more than sent_bytes_.
  const auto unacknowledged = static_cast<std::uint64_t>(waiting);
  const std::uint64_t taken = sent_bytes_ - std::min(sent_bytes_, unacknowledged);
  if (taken < taken_bytes_ + kTakenBytes) return;
  taken_bytes_ = taken;
  last_taken_ = loop_.Now();
}

void FrameStream::Close() {
  owner_ = nullptr;
  held_.Resize(0);
  error_code ignored;
  ignored = socket_.shutdown(Socket::shutdown_both, ignored);
  ignored = socket_.close(ignored);
}

void FrameStream::Break(const std::string& reason, bool frame_too_large) {
  Owner* const owner = owner_;
  Close();
  owner->OnBroken(reason, frame_too_large);
}

}  // namespace quire::rpc
