#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/byte_budget.h"
#include "rpc/add_codec.h"
#include "rpc/frame_codec.h"
#include "rpc/frame_stream.h"
#include "rpc/send_queue.h"
#include "rpc/server.h"

namespace quire::rpc {

class ServerConnection;

// What the connections of a server share; outlives them.
struct ServerShared {
  AsioLoop& loop;
  BookieHandler& handler;
  const ServerOptions options;
  const std::shared_ptr<common::ByteBudget> received;
  const std::shared_ptr<common::ByteBudget> replies;
  ServerStats stats;
  std::move_only_function<void(const std::shared_ptr<ServerConnection>&)> on_closed;
  AddCall add_call;  // of the frame that is looked at; its memory is used again
};

// One client of a server. Loop thread only. Callbacks given to the handler hold it weakly.
class ServerConnection final : public std::enable_shared_from_this<ServerConnection>,
                               private FrameStream::Owner {
 public:
  ServerConnection(ServerShared& shared, Socket socket);

  void Start() { stream_->Start(); }
  // Without telling on_closed.
  void Close() { stream_->Close(); }
  const std::string& peer() const { return stream_->peer(); }
  // Why the connection must go: the peer lets us wait, longer than it may. Null: it does not.
  const char* Stalled(common::TimePoint now);
  // Ends the connection.
  void Finish();

 private:
  // Of each block of replies that was written, as long as more are to be.
  static constexpr std::size_t kKeptBytes = std::size_t{64} * 1024;

  using Taken = FrameStream::Taken;

  Taken OnFrame(std::string_view frame) override;
  void OnWritten(std::vector<std::string> blocks) override;
  void OnBroken(const std::string& reason, bool frame_too_large) override;

  Taken OnAdd(const Message& message);
  Taken OnUnknown(const Message& message);
  template <typename Request, typename Reply>
  Taken OnCall(const Message& message,
               void (BookieHandler::*method)(Request, common::Callback<Reply>));
  Taken OnMalformed();

  void AnswerAdds(std::int32_t seqid, protocol::BookieId bookie,
                  std::span<const protocol::Code> codes);
  Taken RefuseAdds(std::int32_t seqid, protocol::Code code);
  template <typename Reply>
  void Answer(std::int32_t seqid, protocol::BookieId bookie, Reply reply);

  bool OverBounds() const;
  bool Admits(std::size_t bytes, std::size_t left_free);
  // Whether the deadline has passed; else makes it what is left of it.
  bool Expired(std::int32_t& deadline_ms);
  void RetryWhenAccepting();
  void EndTurnLater();
  void EndTurn();

  ServerShared& shared_;
  const std::shared_ptr<FrameStream> stream_;
  SendQueue replies_{kKeptBytes};
  common::ByteBudget::Hold held_;   // for replies_
  std::size_t calls_ = 0;           // at the handler, without long polls
  std::size_t long_polls_ = 0;      // at the handler
  std::size_t expected_bytes_ = 0;  // of replies to the reads at the handler
  bool end_of_turn_posted_ = false;
  bool retry_set_ = false;
  bool awaits_room_ = false;
  bool last_words_ = false;  // take nothing more; close when the replies are written
};

}  // namespace quire::rpc
