#pragma once

#include <span>
#include <vector>

#include "bookie/metrics.h"
#include "common/loop.h"
#include "protocol/messages.h"

namespace quire::bookie {

// Takes the measure of requests: gives the callback that counts the answer and the time it took and
// then passes it on. Two looks at the clock and one small allocation for a request, nothing for its
// entries but additions. The callbacks must not be called when the object has gone. Loop thread.
class RequestMeter {
 public:
  RequestMeter(const common::Loop& loop, ShardMetrics& metrics) : loop_(loop), metrics_(metrics) {}

  common::Callback<std::vector<protocol::Code>> Add(
      std::span<const protocol::Add> adds, common::Callback<std::vector<protocol::Code>> done);
  common::Callback<protocol::ReadReply> Read(const protocol::ReadRequest& request,
                                             common::Callback<protocol::ReadReply> done);
  // Timed only if it fences: else it may be a poll, which waits for as long as it was asked to.
  common::Callback<protocol::LacReply> Lac(const protocol::LacRequest& request,
                                           common::Callback<protocol::LacReply> done);
  common::Callback<protocol::WriteLacReply> WriteLac(
      common::Callback<protocol::WriteLacReply> done);

 private:
  std::uint64_t Since(common::TimePoint begun) const;

  const common::Loop& loop_;
  ShardMetrics& metrics_;
};

}  // namespace quire::bookie
