#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bookie/shard.h"
#include "manual_loop.h"
#include "protocol/entry.h"
#include "shard_fakes.h"
#include "tests/support/sim_disk.h"

namespace quire::bookie {

inline std::string MakeEntry(std::int64_t ledger, std::int64_t id, std::int64_t lac = -1,
                             std::string_view payload = "payload") {
  std::string bytes;
  protocol::EncodeEntry({.ledger = protocol::LedgerId(ledger),
                         .entry = protocol::EntryId(id),
                         .lac = protocol::EntryId(lac),
                         .length = static_cast<std::int64_t>(payload.size()) * (id + 1)},
                        payload, bytes);
  return bytes;
}

// A shard on fakes. Nothing becomes durable and no look-up runs unless the test says so. What a
// test gets back from a request is an optional that fills when the reply comes; a second reply
// fails.
class ShardFixture : public ::testing::Test {
 protected:
  template <typename T>
  using Reply = std::shared_ptr<std::optional<T>>;

  static constexpr protocol::LedgerKey kKey{.high = 7, .low = 9};
  static constexpr protocol::LedgerKey kOtherKey{.high = 7, .low = 10};

  void SetUp() override { Open(); }

  void Open() {
    shard_ = std::make_unique<Shard>(
        loop_, protocol::BookieId{.high = 1, .low = 2},
        ShardResources{.journal_disk = disk_,
                       .store_disk = disk_,
                       .journal_worker = worker_,
                       .flush_worker = worker_,
                       .readers = {&reader_},
                       .new_ledger_id =
                           [this] {
                             ++ids_drawn_;
                             return new_ledger_id_;
                           }},
        options_,
        Log([this](LogLevel, std::string_view line) { log_ += std::string(line) + "\n"; }),
        Shard::Events{.mode = [this](ShardMode mode) { modes_.push_back(mode); }});
    const auto opened = shard_->Open(fakes_.storage());
    ASSERT_TRUE(opened) << opened.error().ToString();
    shard_->Start();
  }

  // The process dies and starts again.
  void Restart() {
    shard_.reset();
    loop_.Drop();
    reader_.Drop();
    fakes_.Crash();
    Open();
  }

  template <typename T>
  static common::Callback<T> Into(const Reply<T>& reply) {
    return [reply](T value) {
      EXPECT_FALSE(reply->has_value()) << "a second reply";
      *reply = std::move(value);
    };
  }

  Reply<std::vector<protocol::Code>> AddAll(const std::vector<std::string>& entries,
                                            bool recovery = false,
                                            const protocol::LedgerKey& key = kKey) {
    auto reply = std::make_shared<std::optional<std::vector<protocol::Code>>>();
    std::vector<protocol::Add> adds;
    adds.reserve(entries.size());
    for (const auto& bytes : entries) {
      adds.push_back({.entry = bytes, .key = key, .recovery = recovery});
    }
    shard_->Add(adds, Into(reply));
    return reply;
  }
  Reply<std::vector<protocol::Code>> Add(const std::string& bytes, bool recovery = false,
                                         const protocol::LedgerKey& key = kKey) {
    return AddAll({bytes}, recovery, key);
  }

  Reply<protocol::ReadReply> Read(std::int64_t ledger, const std::vector<std::int64_t>& ids,
                                  bool fence = false, const protocol::LedgerKey& key = kKey,
                                  std::int32_t max_bytes = 0) {
    protocol::ReadRequest request;
    request.ledger = protocol::LedgerId(ledger);
    for (const auto id : ids) request.entries.emplace_back(id);
    request.max_bytes = max_bytes;
    request.fence = fence;
    if (fence) request.key = key;
    auto reply = std::make_shared<std::optional<protocol::ReadReply>>();
    shard_->Read(std::move(request), Into(reply));
    return reply;
  }
  Reply<protocol::ReadReply> FenceRead(std::int64_t ledger, std::int64_t id) {
    return Read(ledger, {id}, true);
  }

  Reply<protocol::LacReply> Lac(std::int64_t ledger, bool fence = false, std::int32_t wait_ms = 0,
                                std::int64_t known = -1, const protocol::LedgerKey& key = kKey) {
    auto reply = std::make_shared<std::optional<protocol::LacReply>>();
    shard_->Lac({.bookie = {},
                 .ledger = protocol::LedgerId(ledger),
                 .fence = fence,
                 .key = fence ? key : protocol::LedgerKey{},
                 .known_lac = protocol::EntryId(known),
                 .wait_ms = wait_ms},
                Into(reply));
    return reply;
  }

  Reply<protocol::WriteLacReply> WriteLac(std::int64_t ledger, std::int64_t lac,
                                          const protocol::LedgerKey& key = kKey) {
    auto reply = std::make_shared<std::optional<protocol::WriteLacReply>>();
    shard_->WriteLac(
        {.bookie = {},
         .ledger = protocol::LedgerId(ledger),
         .key = key,
         .record = protocol::EncodeLac(protocol::LedgerId(ledger), protocol::EntryId(lac))},
        Into(reply));
    return reply;
  }

  // Look-ups run and their answers arrive; nothing becomes durable.
  void Turn() {
    do {
      loop_.RunAll();
      reader_.RunAll();
    } while (loop_.tasks() > 0);
  }
  void MakeDurable() { fakes_.journal->MakeAllDurable(); }
  // Everything reaches the segments, so that the write cache is empty.
  void FlushAll() {
    MakeDurable();
    AskForFlush();
    Turn();
  }
  void AskForFlush() {
    fakes_.store->flush_once = true;
    shard_->Add({}, [](const std::vector<protocol::Code>&) {});
  }

  static protocol::Code CodeOf(const Reply<std::vector<protocol::Code>>& reply) {
    return reply->value().front();
  }
  // Of the only entry read.
  static protocol::Code CodeOf(const Reply<protocol::ReadReply>& reply) {
    const protocol::ReadReply& value = reply->value();
    return value.code == protocol::Code::kOk ? value.answers.front().code : value.code;
  }

  ManualLoop loop_;
  ManualWorker worker_;
  ManualWorker reader_;
  testing::SimDisk disk_;
  ShardOptions options_;
  FakeStorage fakes_;
  common::Result<protocol::LedgerId> new_ledger_id_ = protocol::LedgerId(1000);
  int ids_drawn_ = 0;
  std::string log_;
  std::vector<ShardMode> modes_;
  std::unique_ptr<Shard> shard_;
};

}  // namespace quire::bookie
