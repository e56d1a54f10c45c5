#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bookie/collector.h"
#include "common/random.h"
#include "metadata/memory_store.h"
#include "metadata/registry.h"
#include "all_ledgers.h"
#include "shard_fixture.h"
#include "tests/metadata/faulty_store.h"

namespace quire::bookie {

using protocol::LedgerId;

// A shard with ledgers 0, 1, ... and a metadata store that knows them.
class CollectorTest : public ShardFixture {
 protected:
  static constexpr auto kInterval = std::chrono::seconds(600);

  void SetUp() override {
    ShardFixture::SetUp();
    metadata::InitCluster(store_, kInstance, 1, [](const common::Result<void>&) {});
    RunMetadata();
    Collect();
  }
  void TearDown() override { collector_.reset(); }

  void Collect() {
    collector_ = std::make_unique<Collector>(
        Collector::Environment{
            .loop = loop_,
            .shard = *shard_,
            .metadata = store_,
            .ledgers = ledgers_,
            .instance = kInstance,
            .wall_ms = [this] { return wall_ms_; },
            .log = Log([this](LogLevel, std::string_view line) { log_ += std::string(line); })},
        collection_);
    collector_->Start();
  }

  void RunMetadata() { Turn(); }

  // Makes so many ledgers, in the metadata store and on the shard.
  void Make(int count) {
    for (int i = 0; i < count; ++i) {
      metadata::LedgerMetadata ledger;
      ledger.replication = {.ensemble = 1, .write_quorum = 1, .ack_quorum = 1};
      ledger.segments[protocol::EntryId(0)] = {protocol::BookieId{.high = 1, .low = 2}};
      std::optional<metadata::VersionedLedger> made;
      ledgers_.Create(ledger, [&](common::Result<metadata::VersionedLedger> result) {
        ASSERT_TRUE(result) << result.error().ToString();
        made = *result;
      });
      RunMetadata();
      ASSERT_TRUE(made);
      ids_.push_back(made->value->id);
      Add(MakeEntry(ids_.back().value(), 0), false, made->value->key);
    }
    MakeDurable();
  }
  void MarkDeleted(LedgerId id) {
    ledgers_.MarkDeleted(id, wall_ms_, std::chrono::seconds(1), [](const common::Result<void>&) {});
    RunMetadata();
  }
  // As a rebuilt index has them.
  void IntoLimbo() {
    FlushAll();
    collector_.reset();
    for (auto& [ledger, state] : fakes_.media.states) {
      state = {.key = {}, .fenced = true, .limbo = true, .last_entry = state.last_entry};
    }
    Restart();
    Collect();
  }
  // As if the record had never been there.
  void Erase(LedgerId id) {
    const std::string path = metadata::LedgerStore::Path(id);
    const auto found = tree_->Read(path);
    ASSERT_TRUE(found);
    ASSERT_TRUE(tree_->Delete(path, found->version));
  }
  bool Known(LedgerId id) { return tree_->Read(metadata::LedgerStore::Path(id)).has_value(); }
  void Round() {
    wall_ms_ += std::chrono::milliseconds(kInterval).count();
    loop_.Advance(kInterval);
    Turn();
    MakeDurable();
    Turn();
  }

  static constexpr protocol::InstanceId kInstance{.high = 4, .low = 2};

  // Of two ledgers one may be missing.
  CollectorOptions collection_{
      .interval = kInterval, .absence_interval = kInterval, .max_drop_percent = 50};
  std::int64_t wall_ms_ = 1'700'000'000'000;
  common::Random random_{3};
  std::shared_ptr<metadata::MemoryTree> tree_ = std::make_shared<metadata::MemoryTree>();
  metadata::MemoryStore store_{loop_, tree_};
  metadata::FaultyStore faulty_{loop_, store_};
  metadata::LedgerStore ledgers_{loop_, faulty_, random_};
  std::vector<LedgerId> ids_;
  std::unique_ptr<Collector> collector_;
};

}  // namespace quire::bookie
