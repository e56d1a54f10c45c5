#pragma once

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <string_view>
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

  void Send(std::string_view bytes) {
    boost::system::error_code gone;
    boost::asio::write(socket_, boost::asio::buffer(bytes), gone);
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
  std::string input_;
  std::vector<std::string> frames_;
  std::size_t reads_ = 0;
  bool closed_ = false;
};

}  // namespace quire::rpc::testing
