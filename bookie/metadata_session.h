#pragma once

#include <cstdint>
#include <functional>

#include "bookie/log.h"
#include "common/error.h"
#include "metadata/metadata_store.h"
#include "protocol/uuid.h"
#include "rpc/asio_loop.h"

namespace quire::bookie {

// What has become of the daemon's session with the metadata store.
struct SessionStats {
  bool connected = false;          // requests are answered, as far as this process knows
  std::uint64_t disconnected = 0;  // times that they were not any more
  std::uint64_t expired = 0;       // sessions; with each the bookies' registrations went
};

// The metadata store as the daemon meets it: waits for it at the start and follows its session
// afterwards. Made, asked and destroyed on the loop, but for AwaitInstance.
class MetadataSession {
 public:
  MetadataSession(rpc::AsioLoop& loop, metadata::MetadataStore& metadata);
  MetadataSession(const MetadataSession&) = delete;
  MetadataSession& operator=(const MetadataSession&) = delete;

  // Asks which cluster it is until the store answers. On another thread than the loop's, which
  // blocks. kMetadataUnavailable: not within `limit`. kShutdown: interrupted (asked now and then).
  common::Result<protocol::InstanceId> AwaitInstance(common::Duration limit,
                                                     const std::function<bool()>& interrupted,
                                                     const Log& log);

  const SessionStats& stats() const { return stats_; }

 private:
  rpc::AsioLoop& loop_;
  metadata::MetadataStore& metadata_;
  SessionStats stats_;
  metadata::MetadataStore::WatchHandle watch_;
};

}  // namespace quire::bookie
