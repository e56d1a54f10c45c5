#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metadata/ledger_store.h"
#include "metadata/memory_store.h"
#include "tests/metadata/faulty_store.h"
#include "tests/metadata/sample_ledger.h"
#include "tests/support/thread_loop.h"

namespace quire::metadata {

// A LedgerStore on a store in memory whose faults a test scripts, and a second client without
// faults.
class LedgerStoreFixture : public ::testing::Test {
 protected:
  LedgerStoreFixture() {
    loop_.Run([this] {
      memory_.emplace(loop_, tree_);
      faulty_.emplace(loop_, *memory_);
      ledgers_.emplace(loop_, *faulty_, random_);
      other_.emplace(loop_, *memory_, random_);
    });
  }
  ~LedgerStoreFixture() override {
    loop_.Run([this] {
      other_.reset();
      ledgers_.reset();
      faulty_.reset();
      memory_.reset();
    });
  }

  common::Result<VersionedLedger> Create() {
    return loop_.Await<VersionedLedger>(
        [this](auto done) { ledgers_->Create(SampleLedger(), std::move(done)); });
  }
  common::Result<VersionedLedger> Read(protocol::LedgerId id) {
    return loop_.Await<VersionedLedger>(
        [this, id](auto done) { ledgers_->Read(id, std::move(done)); });
  }
  common::Result<VersionedLedger> Update(const VersionedLedger& local, LedgerUpdate update,
                                         common::Duration deadline = std::chrono::seconds(20)) {
    return loop_.Await<VersionedLedger>(
        [&](auto done) { ledgers_->Update(local, std::move(update), deadline, std::move(done)); });
  }
  common::Result<void> MarkDeleted(protocol::LedgerId id) {
    return loop_.Await<void>([&](auto done) {
      ledgers_->MarkDeleted(id, 5, std::chrono::seconds(20), std::move(done));
    });
  }
  common::Result<std::vector<protocol::LedgerId>> List(protocol::LedgerId after,
                                                       std::size_t limit) {
    return loop_.Await<std::vector<protocol::LedgerId>>(
        [&](auto done) { ledgers_->List(after, limit, std::move(done)); });
  }
  void Script(std::string part, std::deque<FaultyStore::Fault> faults) {
    loop_.Run([&] { faulty_->Script(std::move(part), std::move(faults)); });
  }

  // The recovery claim, which counts how often it was applied.
  static LedgerUpdate Claim() {
    return {[](const LedgerMetadata& m) { return m.state == LedgerState::kOpen; },
            [](const LedgerMetadata& m) {
              LedgerMetadata next = m;
              next.state = LedgerState::kInRecovery;
              ++next.recovery_claims;
              return next;
            }};
  }
  // An ensemble change that another client makes, behind our back.
  void ReplaceSlot(protocol::LedgerId id) {
    const auto local =
        loop_.Await<VersionedLedger>([&](auto done) { other_->Read(id, std::move(done)); });
    ASSERT_TRUE(local);
    const auto changed = loop_.Await<VersionedLedger>([&](auto done) {
      other_->Update(*local,
                     {[](const LedgerMetadata&) { return true; },
                      [](const LedgerMetadata& m) {
                        LedgerMetadata next = m;
                        next.segments.rbegin()->second[0] = SampleBookie(9);
                        return next;
                      }},
                     std::chrono::seconds(20), std::move(done));
    });
    ASSERT_TRUE(changed);
  }

  testing::ThreadLoop loop_;
  common::Random random_{1};
  std::shared_ptr<MemoryTree> tree_ = std::make_shared<MemoryTree>();
  std::optional<MemoryStore> memory_;
  std::optional<FaultyStore> faulty_;
  std::optional<LedgerStore> ledgers_;
  std::optional<LedgerStore> other_;  // another client, whose connection is sound
};

}  // namespace quire::metadata
