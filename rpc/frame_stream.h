#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/loop.h"
#include "rpc/receive_buffer.h"

namespace quire::rpc {

// Bound to the concrete executor: the type-erased one costs an allocation here and there.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// One connected socket that speaks frames: hands each frame of a read to its owner in place and
// writes blocks of frames, one write at a time. Loop thread only. Operations under way keep it
// alive; after Close() it does not touch its owner.
class FrameStream : public std::enable_shared_from_this<FrameStream> {
 public:
  enum class Taken { kYes, kNotNow };

  class Owner {
   public:
    // A frame without its length, valid during the call. kNotNow: nothing more is read or handed
    // over until Resume(), then this frame comes again.
    virtual Taken OnFrame(std::string_view frame) = 0;
    // The write is done; the blocks come back.
    virtual void OnWritten(std::vector<std::string> blocks) = 0;
    // The peer or the network ended the connection, or a frame was announced that is too large.
    // Last call of all.
    virtual void OnBroken(const std::string& reason, bool frame_too_large) = 0;

   protected:
    ~Owner() = default;
  };

  FrameStream(const common::Loop& loop, Socket socket, Owner& owner);

  void Start() { Read(); }
  void Resume();
  bool paused() const { return paused_; }

  // Only when no write is under way.
  void Write(std::vector<std::string> blocks);
  bool writing() const { return !blocks_.empty(); }

  // Ends the connection; the owner is not called any more.
  void Close();

  // When the last bytes came (at first: when the stream was made).
  common::TimePoint last_received() const { return last_received_; }

 private:
  void Read();
  void OnRead(const boost::system::error_code& failed, std::size_t bytes);
  void Deliver();
  void Break(const std::string& reason, bool frame_too_large);

  const common::Loop& loop_;
  Socket socket_;
  Owner* owner_;  // null when closed
  ReceiveBuffer input_;
  std::vector<std::string> blocks_;  // being written
  std::vector<boost::asio::const_buffer> buffers_;
  common::TimePoint last_received_;
  bool paused_ = false;
};

}  // namespace quire::rpc
