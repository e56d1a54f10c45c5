#include "testing/local_cluster.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "tests/support/process.h"

namespace quire::testing {
namespace {

using protocol::EntryId;

class LocalClusterTest : public ::testing::Test {
 protected:
  void Start(int bookies) {
    auto started = LocalCluster::Start({.bookies = bookies});
    ASSERT_TRUE(started) << started.error().ToString();
    cluster_ = *std::move(started);
    auto client = cluster_->NewClient();
    ASSERT_TRUE(client) << client.error().ToString();
    client_ = *std::move(client);
  }

  std::unique_ptr<client::LedgerWriter> NewLedger(protocol::Replication replication) {
    auto writer = client_->CreateLedger({.replication = replication, .custom = {}});
    EXPECT_TRUE(writer) << writer.error().ToString();
    return *std::move(writer);
  }

  // All payloads of the ledger, as long as reads succeed.
  std::vector<std::string> ReadAll(protocol::LedgerId id) {
    std::vector<std::string> payloads;
    auto reader = client_->OpenLedger(id);
    EXPECT_TRUE(reader) << reader.error().ToString();
    if (!reader) return payloads;
    const EntryId last = (*reader)->progress().lac;
    for (EntryId next(0); next <= last;) {
      const auto batch = (*reader)->Read(next, last);
      EXPECT_TRUE(batch) << batch.error().ToString();
      if (!batch || batch->empty()) break;
      for (const auto& entry : *batch) payloads.emplace_back(entry.payload());
      next = batch->back().id() + 1;
    }
    return payloads;
  }

  std::size_t SlotHolder(const metadata::LedgerMetadata& ledger, int slot) {
    const auto& ensemble = ledger.segments.rbegin()->second;
    for (std::size_t i = 0; i < cluster_->size(); ++i) {
      if (cluster_->bookie_id(i) == ensemble.at(static_cast<std::size_t>(slot))) return i;
    }
    ADD_FAILURE() << "a bookie of the ensemble is not of this cluster";
    return 0;
  }

  std::unique_ptr<LocalCluster> cluster_;
  std::unique_ptr<client::Client> client_;
};

// A01
TEST_F(LocalClusterTest, KeepsWhatIsAppended) {
  Start(3);
  auto writer = NewLedger({3, 2, 2});
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back("entry " + std::to_string(i));
    const auto result = writer->Append(expected.back());
    ASSERT_TRUE(result.ok()) << result.error().ToString();
    EXPECT_EQ(result.entry(), EntryId(i));
  }
  ASSERT_TRUE(writer->Close());
  EXPECT_EQ(ReadAll(writer->id()), expected);
}

TEST_F(LocalClusterTest, AcknowledgesPipelinedAppendsInOrder) {
  Start(3);
  auto writer = NewLedger({3, 3, 2});
  constexpr int kCount = 20'000;
  std::atomic<int> next = 0;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < kCount; ++i) {
    writer->AppendAsync(std::to_string(i), [&, i](const client::AppendResult& result) {
      if (!result.ok() || next.exchange(i + 1) != i || result.entry() != EntryId(i)) ++wrong;
    });
  }
  ASSERT_TRUE(writer->Close());
  EXPECT_EQ(next, kCount);
  EXPECT_EQ(wrong, 0);
}

// B02
TEST_F(LocalClusterTest, AWriterGoesOnWhenABookieStops) {
  Start(4);
  auto writer = NewLedger({3, 2, 2});
  std::vector<std::string> expected;
  const auto append = [&](int count) {
    for (int i = 0; i < count; ++i) {
      expected.push_back("entry " + std::to_string(expected.size()));
      const auto result = writer->Append(expected.back());
      ASSERT_TRUE(result.ok()) << result.error().ToString();
    }
  };
  append(10);
  cluster_->StopBookie(SlotHolder(writer->metadata(), 1));
  append(10);
  ASSERT_TRUE(writer->Close());
  EXPECT_EQ(writer->metadata().segments.size(), 2U);
  EXPECT_EQ(ReadAll(writer->id()), expected);
}

TEST_F(LocalClusterTest, ABookieComesBackWithAllItAcknowledged) {
  Start(3);
  auto writer = NewLedger({3, 3, 3});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(writer->Append(std::to_string(i)).ok());
  ASSERT_TRUE(writer->Close());
  // Two of three hold nothing but what they bring back from their disks; the third is away.
  for (std::size_t i = 0; i < 3; ++i) cluster_->StopBookie(i);
  EXPECT_EQ(cluster_->bookie_address(0), "");
  for (std::size_t i = 0; i < 2; ++i) {
    const auto started = cluster_->StartBookie(i);
    ASSERT_TRUE(started) << started.error().ToString();
  }
  auto fresh = cluster_->NewClient();
  ASSERT_TRUE(fresh) << fresh.error().ToString();
  client_ = *std::move(fresh);
  const auto read = ReadAll(writer->id());
  ASSERT_EQ(read.size(), 50U);
  EXPECT_EQ(read.back(), "49");
}

// C08, and the writer that lives after all
TEST_F(LocalClusterTest, AnotherClientSealsAndTheWriterIsFenced) {
  Start(3);
  auto writer = NewLedger({3, 2, 2});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(writer->Append(std::to_string(i)).ok());
  auto other = cluster_->NewClient();
  ASSERT_TRUE(other);
  const auto sealed = (*other)->SealLedger(writer->id());
  ASSERT_TRUE(sealed) << sealed.error().ToString();
  EXPECT_EQ(sealed->ledger.last_entry, EntryId(19));
  EXPECT_FALSE(writer->Append("too late").ok());
  EXPECT_EQ(ReadAll(writer->id()).size(), 20U);
}

TEST_F(LocalClusterTest, AReaderWaitsForWhatIsAppendedLater) {
  Start(3);
  auto writer = NewLedger({3, 2, 2});
  auto reader = client_->OpenLedger(writer->id());
  ASSERT_TRUE(reader);
  auto waiting = std::async(std::launch::async, [&] {
    return (*reader)->Wait(protocol::kNoEntry, std::chrono::seconds(30));
  });
  ASSERT_TRUE(writer->Append("news").ok());
  const auto progress = waiting.get();
  ASSERT_TRUE(progress) << progress.error().ToString();
  EXPECT_EQ(progress->lac, EntryId(0));
}

TEST_F(LocalClusterTest, LeavesNothingBehind) {
  const ScratchDirectory scratch;
  ::setenv("TMPDIR", scratch.path().c_str(), 1);
  Start(3);
  ::unsetenv("TMPDIR");
  EXPECT_FALSE(std::filesystem::is_empty(scratch.path()));
  client_.reset();
  cluster_.reset();
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

// Also entries without payload take memory: a writer of empty ones must meet its bound.
TEST_F(LocalClusterTest, TheByteBudgetCountsEmptyEntriesToo) {
  Start(3);
  auto writer =
      client_->CreateLedger({.replication = {3, 2, 2}, .custom = {}}, {.max_pending_bytes = 2048})
          .value();
  std::promise<int> refused;
  writer->AppendAsync("", [&](client::AppendResult) {
    // On the client's thread, where an append over the budget fails instead of blocking.
    const auto busy = std::make_shared<int>(0);
    for (int i = 0; i < 100; ++i) {
      writer->AppendAsync("", [busy](client::AppendResult result) {
        if (!result.ok() && result.error().code() == common::Errc::kBusy) ++*busy;
      });
    }
    refused.set_value(*busy);
  });
  EXPECT_GE(refused.get_future().get(), 90);
  EXPECT_TRUE(writer->Close());
}

}  // namespace
}  // namespace quire::testing
