#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/byte_budget.h"
#include "common/loop.h"
#include "rpc/receive_buffer.h"

namespace quire::rpc {

// Bound to the concrete executor: the type-erased one costs an allocation here and there.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// One connected socket that speaks frames: hands each frame of a read to its owner in place and
// writes blocks of frames, one write at a time. With a budget it holds what it keeps of what came,
// which half of the budget is for. Who has sent a part of a frame and goes on sending gets room for
// all of it from the other half, or waits unread: so whoever has room for a frame can end it, and
// who stops in the middle holds no more than he sent. Loop thread only. Operations under way keep
// it alive; after Close() it does not touch its owner.
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

  // The least that a budget must have: half of it is for one frame of any size.
  static constexpr std::size_t kLeastBudget = 2 * (kFrameMost + ReceiveBuffer::kScratchBytes);

  // `received`: null for no bound.
  FrameStream(const common::Loop& loop, Socket socket, Owner& owner,
              std::shared_ptr<common::ByteBudget> received = nullptr);

  void Start() { AwaitBytes(); }
  void Resume();
  bool paused() const { return paused_; }

  // Only when no write is under way.
  void Write(std::vector<std::string> blocks);
  bool writing() const { return !blocks_.empty(); }

  // Ends the connection; the owner is not called any more.
  void Close();

  // HOST:PORT of the other end.
  const std::string& peer() const { return peer_; }

  // When the last bytes came (at first: when the stream was made).
  common::TimePoint last_received() const { return last_received_; }

  // What the peer must take to count as taking at all: somebody who reads a few bytes a minute
  // holds the memory of a reply as long as somebody who reads nothing.
  static constexpr std::uint64_t kTakenBytes = std::uint64_t{32} * 1024;

  // Since when the peer lets us wait.
  struct Waits {
    std::optional<common::TimePoint> frame;  // that began then and has not come whole
    // While something is being written: when that began, or when kTakenBytes more were last seen to
    // have been taken.
    std::optional<common::TimePoint> taken;
    common::TimePoint last_received;
  };
  // To be asked more often than the peer may let us wait: it is here that taking is looked at.
  Waits waits();

 private:
  void AwaitBytes();
  void OnReadable(const boost::system::error_code& failed);
  bool HasRoom();
  void Deliver();
  void EndDelivery();
  void LookWhatWasTaken();
  void Break(const std::string& reason, bool frame_too_large);

  const common::Loop& loop_;
  Socket socket_;
  const std::string peer_;
  Owner* owner_;  // null when closed
  ReceiveBuffer input_;
  const std::shared_ptr<common::ByteBudget> received_;
  common::ByteBudget::Hold held_;    // for input_
  std::size_t granted_ = 0;          // the room that the frame under way has got
  std::vector<std::string> blocks_;  // being written
  std::vector<boost::asio::const_buffer> buffers_;
  common::TimePoint last_received_;
  std::optional<common::TimePoint> frame_begun_;  // the one that has not come whole
  std::uint64_t sent_bytes_ = 0;                  // all that the kernel has got
  std::uint64_t taken_bytes_ = 0;                 // of them, by the peer's machine at last_taken_
  common::TimePoint last_taken_;
  bool paused_ = false;
  bool awaits_room_ = false;
};

}  // namespace quire::rpc
