#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/random.h"
#include "rpc/asio_loop.h"
#include "rpc/connection_pool.h"
#include "tests/overload/figures.h"

namespace quire::overload {

// Where the bookie is.
struct Target {
  std::string address;
  protocol::BookieId bookie;
};

inline constexpr protocol::LedgerKey kKey{.high = 7, .low = 9};

// The entry of that id, the same every time: mostly 1 KB, some 64 KB, a few 1 MB.
std::string EntryOf(protocol::LedgerId ledger, std::int64_t id, bool mixed);

// Adds entries to a ledger of its own over a connection of its own and remembers which ones were
// acknowledged. Loop thread only; destroyed there.
class AddStream final : public rpc::AddSink, public std::enable_shared_from_this<AddStream> {
 public:
  AddStream(rpc::AsioLoop& loop, common::Random& random, const Target& target,
            protocol::LedgerId ledger, bool mixed, std::size_t most_outstanding);

  // Sends the next entry, unless too much is without answer: false.
  bool Offer();
  void OnAdd(const rpc::AddTicket& ticket, protocol::Code code) override;

  protocol::LedgerId ledger() const { return ledger_; }
  const std::vector<std::int64_t>& acknowledged() const { return acknowledged_; }
  std::size_t outstanding() const { return sent_.size(); }
  std::uint64_t acknowledged_bytes() const { return acknowledged_bytes_; }
  std::uint64_t busy() const { return busy_; }
  std::uint64_t expired() const { return expired_; }
  std::uint64_t other() const { return other_; }  // timed out, disconnected
  std::int32_t last_hint_ms() const { return last_hint_ms_; }
  Latencies& latencies() { return latencies_; }  // of what was acknowledged

 private:
  struct Sent {
    common::TimePoint at;
    std::size_t bytes;
  };

  rpc::AsioLoop& loop_;
  const Target target_;
  const protocol::LedgerId ledger_;
  const bool mixed_;
  const std::size_t most_outstanding_;
  rpc::ConnectionPool pool_;
  std::unordered_map<std::int64_t, Sent> sent_;
  std::size_t sent_bytes_ = 0;
  std::int64_t next_ = 0;
  std::vector<std::int64_t> acknowledged_;
  std::uint64_t acknowledged_bytes_ = 0;
  std::uint64_t busy_ = 0;
  std::uint64_t expired_ = 0;
  std::uint64_t other_ = 0;
  std::int32_t last_hint_ms_ = 0;
  Latencies latencies_;
};

}  // namespace quire::overload
