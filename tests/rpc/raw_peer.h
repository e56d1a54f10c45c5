#pragma once

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rpc/frame_codec.h"
#include "tests/rpc/loop_runner.h"

namespace quire::rpc::testing {

// A client made of a bare socket: sends any bytes and keeps the frames that come back.
class RawPeer {
 public:
  RawPeer(AsioLoop& loop, std::uint16_t port) : socket_(loop.context()) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    Read();
  }

  // Never blocks: who reads at the other end may be driven by the same thread, and how much the
  // kernel keeps between them depends on how much it has.
  void Send(std::string_view bytes) {
    queued_ += bytes;
    if (sending_.empty()) SendQueued();
  }
  bool closed() const { return closed_; }
  const std::vector<std::string>& frames() const { return frames_; }
  std::size_t reads() const { return reads_; }

  Message message(std::size_t i) const {
    Message message;
    EXPECT_TRUE(ParseMessage(frames_.at(i), message));
    return message;
  }

 private:
  void SendQueued() {
    sending_ = std::exchange(queued_, {});
    if (sending_.empty()) return;
    boost::asio::async_write(socket_, boost::asio::buffer(sending_),
                             [this](const boost::system::error_code& failed, std::size_t) {
                               if (failed) return;
                               sending_.clear();
                               SendQueued();
                             });
  }
  void Read() {
    socket_.async_read_some(boost::asio::buffer(chunk_),
                            [this](const boost::system::error_code& failed, std::size_t bytes) {
                              if (failed == boost::asio::error::operation_aborted) return;
                              closed_ = closed_ || failed;
                              if (failed) return;
                              ++reads_;
                              input_.append(chunk_, bytes);
                              for (FrameView view = FirstFrame(input_);
                                   view.state == FrameState::kComplete; view = FirstFrame(input_)) {
                                frames_.emplace_back(view.frame);
                                input_.erase(0, view.need_bytes);
                              }
                              Read();
                            });
  }

  boost::asio::ip::tcp::socket socket_;
  char chunk_[65536];
  std::string queued_;
  std::string sending_;
  std::string input_;
  std::vector<std::string> frames_;
  std::size_t reads_ = 0;
  bool closed_ = false;
};

}  // namespace quire::rpc::testing
