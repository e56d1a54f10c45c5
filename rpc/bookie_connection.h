#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/add_codec.h"
#include "rpc/backoff.h"
#include "rpc/bookie_channel.h"
#include "rpc/connection_pool.h"
#include "rpc/connector.h"
#include "rpc/frame_stream.h"
#include "rpc/pending_calls.h"
#include "rpc/send_queue.h"

namespace quire::rpc {

// The client's end of the connection to one daemon. Connects when it is first used and, after a
// break and a back-off, when somebody called in the meantime or calls next. Loop thread only.
class BookieConnection final : public BookieChannel,
                               public std::enable_shared_from_this<BookieConnection>,
                               private FrameStream::Owner {
 public:
  BookieConnection(AsioLoop& loop, common::Random& random, const PoolOptions& options,
                   std::string address);

  void Add(protocol::BookieId bookie, const protocol::Add& add, AddTicket ticket) override;
  void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) override;
  void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) override;
  void WriteLac(protocol::WriteLacRequest request,
                common::Callback<protocol::WriteLacReply> done) override;
  void ListEntries(protocol::ListEntriesRequest request,
                   common::Callback<protocol::ListEntriesReply> done) override;
  void Status(protocol::StatusRequest request,
              common::Callback<protocol::StatusReply> done) override;

  // Ends the connection for good: everything outstanding, and every call after it, is
  // kDisconnected.
  void Shutdown();

 private:
  // Of each block that was written: the frames of a busy writer fit.
  static constexpr std::size_t kKeptBytes = std::size_t{256} * 1024;

  enum class State { kIdle, kConnecting, kReady, kBackingOff, kShutdown };

  // Adds for one bookie that were not given to the stream yet: a frame that still grows.
  struct OpenAdds {
    AddFrame frame;
    std::vector<AddTicket> tickets;
    common::TimePoint issued;
    std::size_t bytes = 0;
  };

  FrameStream::Taken OnFrame(std::string_view frame) override;
  void OnWritten(std::vector<std::string> blocks) override;
  void OnBroken(const std::string& reason, bool frame_too_large) override;

  // Why a call cannot be made now; nullopt: it can, and the connection is there or on its way.
  std::optional<protocol::Code> Refusal(std::size_t bytes);
  template <typename Request, typename Reply>
  void Call(Request request, common::Callback<Reply> done, std::int32_t wait_ms);
  OpenAdds& OpenFor(protocol::BookieId bookie);
  void Seal(OpenAdds open);
  void SealAll();

  void Connect();
  void OnConnected(std::expected<Socket, std::string> socket);
  void FlushLater();
  void Flush();
  void Break();
  void DisconnectAllLater();

  void TimeOutAt(common::TimePoint deadline);
  void OnTimer();
  static void Complete(PendingCall& call, protocol::Code code);

  AsioLoop& loop_;
  const PoolOptions options_;
  const std::string address_;

  State state_ = State::kIdle;
  Backoff backoff_;
  bool wanted_ = false;  // a call came while backing off
  std::unique_ptr<Connector> connector_;
  std::shared_ptr<FrameStream> stream_;  // when kReady

  std::vector<OpenAdds> open_;  // one for each bookie id, few
  std::size_t open_bytes_ = 0;
  std::size_t last_frame_bytes_ = 0;  // of adds: what the next one reserves
  SendQueue queue_{kKeptBytes};
  PendingCalls pending_;
  std::uint32_t last_seqid_ = 0;
  bool flush_posted_ = false;
  std::vector<protocol::Code> codes_;                  // of a reply; its memory is used again
  std::vector<std::vector<AddTicket>> spare_tickets_;  // empty

  common::Loop::TimerId timer_ = 0;  // 0: none is set
  common::TimePoint timer_at_;
  int silent_timeouts_ = 0;  // calls that timed out since the last byte came
};

}  // namespace quire::rpc
