#include "bookie/memory_budget.h"

#include <gtest/gtest.h>

namespace quire::bookie {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

std::uint64_t Sum(const MemoryBudget& budget, std::uint64_t directories) {
  return MemoryBudget::kBaseBytes + budget.receive + budget.replies +
         directories * (budget.journal + budget.write_cache + budget.lookups + budget.read_cache +
                        budget.index);
}

TEST(MemoryBudgetTest, ThePartsMakeTheWhole) {
  for (const std::uint64_t total : {std::uint64_t{112}, std::uint64_t{128}, std::uint64_t{4096}}) {
    const auto budget = MemoryBudget::Of(total * kMiB, 1).value();
    EXPECT_LE(Sum(budget, 1), total * kMiB);
    EXPECT_GE(Sum(budget, 1), total * kMiB - 10);
  }
  EXPECT_LE(Sum(MemoryBudget::Of(512 * kMiB, 3).value(), 3), 512 * kMiB);
  EXPECT_EQ(MemoryBudget::Of(0, 2).value().total, 1024 * kMiB);
}

TEST(MemoryBudgetTest, TooLittleIsRefusedWithWhatToDo) {
  const auto one = MemoryBudget::Of(111 * kMiB, 1);
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().code(), common::Errc::kInvalidArgument);
  EXPECT_NE(one.error().context().find("112 MiB or more"), std::string::npos);
  EXPECT_FALSE(MemoryBudget::Of(112 * kMiB, 2));
  EXPECT_TRUE(MemoryBudget::Of(160 * kMiB, 2));
}

TEST(MemoryBudgetTest, TheLeastStillLetsOneFrameAndOneReplyOfAnySizeThrough) {
  for (const std::size_t directories : {1, 2, 8}) {
    const auto budget = MemoryBudget::Of(MemoryBudget::kLeastBytes +
                                             (directories - 1) * MemoryBudget::kLeastMoreBytes,
                                         directories)
                            .value();
    EXPECT_GE(budget.receive, rpc::kLeastReceiveBytes);
    EXPECT_GE(budget.replies, rpc::kLeastReplyBytes);
    EXPECT_GE(budget.write_cache, 8 * kMiB);
    EXPECT_GE(budget.index, 2 * kMiB);
  }
}

TEST(MemoryBudgetTest, LowersWhatDoesNotFitAndRaisesNothing) {
  const auto budget = MemoryBudget::Of(128 * kMiB, 1).value();
  ShardOptions options;
  options.store.cache_bytes = 1 * kMiB;
  budget.Limit(options);
  EXPECT_EQ(options.store.cache_bytes, 1 * kMiB);
  EXPECT_LE(2 * options.max_queued_bytes, budget.journal);
  EXPECT_LE(options.max_lookup_bytes, budget.lookups);
  EXPECT_EQ(options.store.read_cache_bytes, budget.read_cache);
  EXPECT_EQ(options.store.index_bytes, budget.index);
  rpc::ServerOptions server;
  budget.Limit(server);
  EXPECT_LT(server.max_connections, 4096U);
  EXPECT_LE(server.max_reply_bytes, budget.replies / 4);
  for (const std::size_t directories : {1, 2, 12}) {
    EXPECT_GE(MemoryBudget::Of(0, directories).value().MostCacheBytes(),
              ShardOptions().store.cache_bytes)
        << "the defaults fit";
  }
  ShardOptions usual;
  MemoryBudget::Of(64 * 1024 * kMiB, 1).value().Limit(usual);
  EXPECT_EQ(usual.store.cache_bytes, ShardOptions().store.cache_bytes);
}

TEST(MemoryBudgetTest, SaysWhatIsUsed) {
  const auto budget = MemoryBudget::Of(128 * kMiB, 1).value();
  rpc::ServerStats server;
  server.receive_bytes = 1;
  server.reply_bytes = 2;
  ShardSnapshot shard;
  shard.journal_queued_bytes = 3;
  shard.store.cache_bytes = 4;
  shard.store.read_cache_bytes = 5;
  shard.lookup_bytes = 6;
  const auto uses = budget.Uses(server, {shard});
  ASSERT_EQ(uses.size(), 6U);
  for (std::size_t i = 0; i < uses.size(); ++i) {
    EXPECT_EQ(uses[i].used, i + 1) << uses[i].name;
    EXPECT_GT(uses[i].most, 0U) << uses[i].name;
  }
}

}  // namespace
}  // namespace quire::bookie
