#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bookie/loop_call.h"
#include "common/random.h"
#include "protocol/entry.h"
#include "rpc/asio_loop.h"
#include "rpc/connection_pool.h"

namespace quire::bookie {

// Calls to one bookie over TCP, one at a time or many adds at once. Not on the loop's thread.
class BookieClient {
 public:
  static constexpr protocol::LedgerKey kKey{.high = 7, .low = 9};

  BookieClient(rpc::AsioLoop& loop, protocol::BookieId bookie, const std::string& address)
      : loop_(loop), bookie_(bookie), random_(common::SystemRandom()) {
    RunOn(loop_, [&] {
      pool_ = std::make_unique<rpc::ConnectionPool>(loop_, random_, rpc::PoolOptions{});
      channel_ = pool_->Get(address);
    });
  }
  ~BookieClient() {
    RunOn(loop_, [this] {
      channel_.reset();
      pool_.reset();
    });
  }
  BookieClient(const BookieClient&) = delete;
  BookieClient& operator=(const BookieClient&) = delete;

  static std::string Entry(std::int64_t ledger, std::int64_t id) {
    const std::string payload(100 + static_cast<std::size_t>(id * 37 % 900), static_cast<char>(id));
    std::string bytes;
    protocol::EncodeEntry({.ledger = protocol::LedgerId(ledger),
                           .entry = protocol::EntryId(id),
                           .lac = protocol::EntryId(id - 1),
                           .length = (id + 1) * 100},
                          payload, bytes);
    return bytes;
  }

  // The outcome comes through `sink`; the add may still be under way when this returns.
  void Add(std::int64_t ledger, std::int64_t id, std::shared_ptr<rpc::AddSink> sink,
           const protocol::LedgerKey& key = kKey) {
    loop_.Post([this, bytes = Entry(ledger, id), id, sink = std::move(sink), key]() mutable {
      channel_->Add(bookie_, {.entry = bytes, .key = key},
                    {.sink = std::move(sink), .entry = protocol::EntryId(id)});
    });
  }

  protocol::Code AddAndWait(std::int64_t ledger, std::int64_t id,
                            const protocol::LedgerKey& key = kKey) {
    struct Sink final : rpc::AddSink {
      void OnAdd(const rpc::AddTicket& /*ticket*/, protocol::Code code) override {
        outcome.set_value(code);
      }
      std::promise<protocol::Code> outcome;
    };
    const auto sink = std::make_shared<Sink>();
    Add(ledger, id, sink, key);
    return sink->outcome.get_future().get();
  }

  protocol::ReadReply Read(std::int64_t ledger, const std::vector<std::int64_t>& ids,
                           bool fence = false) {
    protocol::ReadRequest request;
    request.bookie = bookie_;
    request.ledger = protocol::LedgerId(ledger);
    for (const auto id : ids) request.entries.emplace_back(id);
    request.fence = fence;
    if (fence) request.key = kKey;
    return Await<protocol::ReadReply>(
        loop_, [&](auto done) { channel_->Read(std::move(request), std::move(done)); });
  }

  protocol::StatusReply Status() {
    return Await<protocol::StatusReply>(loop_,
                                        [&](auto done) { channel_->Status({}, std::move(done)); });
  }

 private:
  rpc::AsioLoop& loop_;
  const protocol::BookieId bookie_;
  common::Random random_;
  std::unique_ptr<rpc::ConnectionPool> pool_;
  std::shared_ptr<rpc::BookieChannel> channel_;
};

}  // namespace quire::bookie
