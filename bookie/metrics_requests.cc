#include "bookie/metrics_requests.h"

#include <algorithm>
#include <utility>

namespace quire::bookie {

using protocol::Code;

std::uint64_t RequestMeter::Since(common::TimePoint begun) const {
  return static_cast<std::uint64_t>(
      std::max(loop_.Now() - begun, common::Duration::zero()).count());
}

common::Callback<std::vector<Code>> RequestMeter::Add(std::span<const protocol::Add> adds,
                                                      common::Callback<std::vector<Code>> done) {
  for (const protocol::Add& add : adds) metrics_.add_bytes += add.entry.size();
  return [this, begun = loop_.Now(), done = std::move(done)](std::vector<Code> codes) mutable {
    for (const Code code : codes) metrics_.add_entries.Count(code);
    metrics_.add_latency.Observe(Since(begun));
    done(std::move(codes));
  };
}

common::Callback<protocol::ReadReply> RequestMeter::Read(
    const protocol::ReadRequest& request, common::Callback<protocol::ReadReply> done) {
  return [this, begun = loop_.Now(), fence = request.fence,
          done = std::move(done)](protocol::ReadReply reply) mutable {
    metrics_.read_requests.Count(reply.code);
    for (const protocol::EntryAnswer& answer : reply.answers) {
      metrics_.read_entries.Count(answer.code);
      metrics_.read_bytes += answer.bytes.size();
    }
    metrics_.read_latency.Observe(Since(begun));
    if (fence) metrics_.fence_latency.Observe(Since(begun));
    done(std::move(reply));
  };
}

common::Callback<protocol::LacReply> RequestMeter::Lac(const protocol::LacRequest& request,
                                                       common::Callback<protocol::LacReply> done) {
  return [this, begun = loop_.Now(), fence = request.fence,
          done = std::move(done)](protocol::LacReply reply) mutable {
    metrics_.lac_reads.Count(reply.code);
    if (fence) metrics_.fence_latency.Observe(Since(begun));
    done(reply);
  };
}

common::Callback<protocol::WriteLacReply> RequestMeter::WriteLac(
    common::Callback<protocol::WriteLacReply> done) {
  return [this, done = std::move(done)](protocol::WriteLacReply reply) mutable {
    metrics_.lac_writes.Count(reply.code);
    done(reply);
  };
}

}  // namespace quire::bookie
