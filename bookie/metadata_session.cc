#include "bookie/metadata_session.h"

#include <chrono>
#include <thread>
#include <utility>

#include "bookie/loop_call.h"
#include "metadata/registry.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using metadata::SessionEvent;
using protocol::InstanceId;

MetadataSession::MetadataSession(rpc::AsioLoop& loop, metadata::MetadataStore& metadata)
    : loop_(loop), metadata_(metadata) {
  watch_ = metadata_.OnSession([this](SessionEvent event) {
    stats_.connected = event != SessionEvent::kDisconnected;
    if (event == SessionEvent::kDisconnected) ++stats_.disconnected;
    if (event == SessionEvent::kNewSession) ++stats_.expired;
  });
}

Result<InstanceId> MetadataSession::AwaitInstance(common::Duration limit,
                                                  const std::function<bool()>& interrupted,
                                                  const Log& log) {
  const auto deadline = loop_.Now() + limit;
  while (true) {
    auto instance = Await<Result<InstanceId>>(loop_, [this](auto done) {
      auto answered = [this, done = std::move(done)](Result<InstanceId> read) mutable {
        // It may have connected before anybody listened.
        if (read) stats_.connected = true;
        done(std::move(read));
      };
      metadata::ReadInstance(metadata_, std::move(answered));
    });
    if (instance || instance.error().code() == Errc::kWrongInstance) return instance;
    if (interrupted && interrupted()) return Fail(Errc::kShutdown, "interrupted");
    if (loop_.Now() >= deadline) {
      return Fail(Errc::kMetadataUnavailable, "the metadata store was not reached in time (" +
                                                  instance.error().ToString() +
                                                  "); check its address and its servers");
    }
    log.Warning("waiting for the metadata store: " + instance.error().ToString());
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace quire::bookie
