#include "rpc/frame_stream.h"

#include <gtest/gtest.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <memory>
#include <string>

namespace quire::rpc {
namespace {

using boost::asio::ip::tcp;
using common::TimePoint;
using std::chrono::seconds;

// A clock that the test moves, and nothing else of a loop.
class Clock final : public common::Loop {
 public:
  TimePoint Now() const override { return now; }
  void Post(common::Task) override {}
  TimerId After(common::Duration, common::Task) override { return 0; }
  void Cancel(TimerId) override {}

  TimePoint now;
};

// A stream that writes one large block to a peer who reads as much as the test says.
class FrameStreamTest : public ::testing::Test, private FrameStream::Owner {
 protected:
  // Of `send_buffer` bytes in the stream's kernel; 0: as many as it likes.
  void Write(std::size_t bytes, int send_buffer) {
    tcp::acceptor acceptor(context_, {boost::asio::ip::address_v4::loopback(), 0});
    peer_.open(tcp::v4());
    peer_.set_option(boost::asio::socket_base::receive_buffer_size(8192));
    peer_.connect(acceptor.local_endpoint());
    peer_.non_blocking(true);
    Socket socket(context_);
    acceptor.accept(socket);
    if (send_buffer > 0) {
      socket.set_option(boost::asio::socket_base::send_buffer_size(send_buffer));
    }
    FrameStream::Owner& owner = *this;
    stream_ = std::make_shared<FrameStream>(clock_, std::move(socket), owner);
    stream_->Write({std::string(bytes, 'r')});
  }
  ~FrameStreamTest() override {
    if (stream_) stream_->Close();
    context_.run();
  }

  // The peer reads so many bytes, and the stream goes on with its write when it can.
  void Take(std::size_t bytes) {
    std::string chunk(bytes, '\0');
    for (std::size_t taken = 0; taken < bytes;) {
      boost::system::error_code none;
      taken += peer_.read_some(boost::asio::buffer(chunk.data(), bytes - taken), none);
      context_.poll();
    }
  }
  TimePoint taken() { return stream_->waits().taken.value(); }

  Clock clock_;
  boost::asio::io_context context_;
  std::shared_ptr<FrameStream> stream_;
  bool written_ = false;

 private:
  FrameStream::Taken OnFrame(std::string_view) override { return FrameStream::Taken::kYes; }
  void OnWritten(std::vector<std::string>) override { written_ = true; }
  void OnBroken(const std::string&, bool) override {}

  tcp::socket peer_{context_};
};

constexpr std::size_t kWhole = std::size_t{8} << 20;  // more than the kernel keeps

TEST_F(FrameStreamTest, DropsDoNotCountAsTaking) {  // L04
  Write(kWhole, 4096);
  const TimePoint begun = clock_.now;
  EXPECT_EQ(taken(), begun);
  std::size_t drops = 0;  // with what the peer's kernel keeps they stay below what counts
  for (; drops < FrameStream::kTakenBytes / 4; drops += 512) {
    clock_.now += seconds(1);
    Take(512);
    EXPECT_EQ(taken(), begun) << "after " << drops;
  }
  clock_.now += seconds(1);
  Take(FrameStream::kTakenBytes);
  EXPECT_EQ(taken(), clock_.now) << "who has taken enough in all is no longer waited for";
}

TEST_F(FrameStreamTest, WhatThePeerTakesIsSeenBeforeTheKernelHasRoomForMore) {  // L04
  Write(kWhole, 0);
  EXPECT_EQ(taken(), clock_.now) << "the stream does not know yet what the kernel has got";
  for (int i = 0; i < 4; ++i) {
    clock_.now += seconds(1);
    Take(3 * FrameStream::kTakenBytes);
    EXPECT_EQ(taken(), clock_.now) << i;
  }
  EXPECT_FALSE(written_);
}

TEST_F(FrameStreamTest, NothingIsWaitedForWhenAllIsWritten) {
  Write(kWhole, 0);
  Take(kWhole);
  EXPECT_TRUE(written_);
  EXPECT_FALSE(stream_->waits().taken);
  clock_.now += seconds(1);
  stream_->Write({std::string(kWhole, 'r')});
  EXPECT_EQ(taken(), clock_.now) << "each write begins anew";
}

}  // namespace
}  // namespace quire::rpc
