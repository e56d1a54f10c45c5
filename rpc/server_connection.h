#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
  ServerStats stats;
  std::move_only_function<void(const std::shared_ptr<ServerConnection>&)> on_closed;
};

// One client of a server. Loop thread only. Callbacks given to the handler hold it weakly.
class ServerConnection final : public std::enable_shared_from_this<ServerConnection>,
                               private FrameStream::Owner {
 public:
  ServerConnection(ServerShared& shared, Socket socket);

  void Start() { stream_->Start(); }
  // Without telling on_closed.
  void Close() { stream_->Close(); }

 private:
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

  void AnswerAdds(std::int32_t seqid, std::span<const protocol::Code> codes);
  template <typename Reply>
  void Answer(std::int32_t seqid, Reply reply);

  bool OverBounds() const;
  bool Expired(std::int32_t deadline_ms);
  void RetryWhenAccepting();
  void EndTurnLater();
  void EndTurn();
  void Finish();

  ServerShared& shared_;
  const std::shared_ptr<FrameStream> stream_;
  SendQueue replies_;
  AddCall add_call_;                // of the frame that is looked at; its memory is used again
  std::size_t calls_ = 0;           // at the handler, without long polls
  std::size_t long_polls_ = 0;      // at the handler
  std::size_t expected_bytes_ = 0;  // of replies to the reads at the handler
  bool end_of_turn_posted_ = false;
  bool retry_set_ = false;
  bool last_words_ = false;  // take nothing more; close when the replies are written
};

}  // namespace quire::rpc
