#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/entry.h"
#include "tests/simulation/sim_channel.h"
#include "tests/simulation/sim_network.h"
#include "tests/simulation/sim_server.h"
#include "tests/simulation/simple_bookie.h"
#include "tests/simulation/trace.h"

namespace quire::simulation {

using namespace std::chrono_literals;
using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

inline constexpr protocol::BookieId kBookie{1, 1};
inline constexpr protocol::LedgerKey kKey{7, 7};
inline constexpr LedgerId kLedger{5};

inline std::string EntryBytes(std::int64_t entry, std::string_view payload = "payload",
                              std::int64_t lac = -1) {
  std::string bytes;
  protocol::EncodeEntry({.ledger = kLedger, .entry = EntryId(entry), .lac = EntryId(lac)}, payload,
                        bytes);
  return bytes;
}

// Remembers the outcomes of adds in the order they came.
class AddLog final : public rpc::AddSink {
 public:
  void OnAdd(const rpc::AddTicket& ticket, Code code) override {
    entries.push_back(ticket.entry);
    codes.push_back(code);
  }
  std::vector<EntryId> entries;
  std::vector<Code> codes;
};

// One client process and one bookie process on a network.
class WorldTest : public ::testing::Test {
 protected:
  explicit WorldTest(FaultProfile profile = FaultProfile::None(), std::uint64_t seed = 1)
      : scheduler(seed), trace(scheduler, 1000), network(scheduler, std::move(profile), trace) {
    Boot();
  }
  ~WorldTest() override {
    if (HasFailure()) std::fputs(trace.Text().c_str(), stderr);
  }

  // Starts the bookie's process, also again after a crash.
  void Boot(SimpleBookieOptions options = {.id = kBookie}) {
    server.reset();
    bookie.reset();
    bookie_loop = std::make_unique<SimLoop>(scheduler, "bookie");
    bookie = std::make_unique<SimpleBookie>(*bookie_loop, disk, options);
    server = std::make_unique<SimServer>(network, "b1:3181", *bookie_loop, *bookie);
  }
  void Crash() {
    bookie_loop->Kill();
    disk.Crash(scheduler.random());
  }

  void Add(std::int64_t entry, std::string_view payload = "payload", bool recovery = false) {
    const std::string bytes = EntryBytes(entry, payload);
    channel()->Add(kBookie, {.entry = bytes, .key = kKey, .recovery = recovery},
                   {.sink = adds, .entry = EntryId(entry)});
  }
  // The code of a read of one entry, or of the request when that failed.
  void Read(std::int64_t entry, std::vector<Code>& codes, bool fence = false) {
    channel()->Read(
        {.bookie = kBookie,
         .ledger = kLedger,
         .entries = {EntryId(entry)},
         .fence = fence,
         .key = kKey},
        [&codes](protocol::ReadReply reply) {
          codes.push_back(reply.code == Code::kOk ? reply.answers.at(0).code : reply.code);
        });
  }
  std::shared_ptr<rpc::BookieChannel> channel() { return pool->Get("b1:3181"); }
  NodeId client_node() { return network.Node("c1"); }
  NodeId bookie_node() { return network.Node("b1:3181"); }

  SimScheduler scheduler;
  Trace trace;
  SimNetwork network;
  SimpleDisk disk;
  std::unique_ptr<SimLoop> bookie_loop;
  std::unique_ptr<SimpleBookie> bookie;
  std::unique_ptr<SimServer> server;
  SimLoop client_loop{scheduler, "client"};
  std::unique_ptr<SimChannelPool> pool =
      std::make_unique<SimChannelPool>(network, "c1", client_loop);
  std::shared_ptr<AddLog> adds = std::make_shared<AddLog>();
};

}  // namespace quire::simulation
