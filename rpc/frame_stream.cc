#include "rpc/frame_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

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

void Configure(Socket& socket) {
  error_code ignored;  // without one of these the connection works, only less well
  ignored = socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  ignored = socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const auto set = [&](int name, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, sizeof(value));
  };
  set(TCP_KEEPIDLE, kIdleSeconds);
  set(TCP_KEEPINTVL, kProbeSeconds);
  set(TCP_KEEPCNT, kProbes);
  set(TCP_USER_TIMEOUT, kUnackedMs);
}

}  // namespace

FrameStream::FrameStream(const common::Loop& loop, Socket socket, Owner& owner)
    : loop_(loop), socket_(std::move(socket)), owner_(&owner), last_received_(loop.Now()) {
  Configure(socket_);
}

void FrameStream::Read() {
  const auto space = input_.Space();
  QUIRE_CHECK(!space.empty());
  socket_.async_read_some(asio::buffer(space.data(), space.size()),
                          [self = shared_from_this()](const error_code& failed, std::size_t bytes) {
                            self->OnRead(failed, bytes);
                          });
}

void FrameStream::OnRead(const error_code& failed, std::size_t bytes) {
  if (owner_ == nullptr) return;
  if (failed) return Break(failed.message(), false);
  input_.Filled(bytes);
  last_received_ = loop_.Now();
  Deliver();
}

void FrameStream::Deliver() {
  while (owner_ != nullptr) {
    const FrameView first = FirstFrame(input_.content());
    if (first.state == FrameState::kTooLarge) return Break("frame too large", true);
    if (first.state == FrameState::kIncomplete) return Read();
    if (owner_->OnFrame(first.frame) == Taken::kNotNow) {
      paused_ = true;
      return;
    }
    input_.Consume(first.need_bytes);
  }
}

void FrameStream::Resume() {
  if (!paused_ || owner_ == nullptr) return;
  paused_ = false;
  const auto self = shared_from_this();
  Deliver();
}

void FrameStream::Write(std::vector<std::string> blocks) {
  QUIRE_CHECK(!writing() && !blocks.empty());
  if (owner_ == nullptr) return;
  blocks_ = std::move(blocks);
  buffers_.clear();
  for (const std::string& block : blocks_) buffers_.push_back(asio::buffer(block));
  asio::async_write(socket_, buffers_,
                    [self = shared_from_this()](const error_code& failed, std::size_t) {
                      auto written = std::exchange(self->blocks_, {});
                      if (self->owner_ == nullptr) return;
                      if (failed) return self->Break(failed.message(), false);
                      self->owner_->OnWritten(std::move(written));
                    });
}

void FrameStream::Close() {
  owner_ = nullptr;
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
