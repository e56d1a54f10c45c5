#include <gmock/gmock.h>

#include <chrono>
#include <numeric>

#include "bookie/metrics.h"
#include "shard_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

// What a shard on fakes counts, with a clock that the test moves.
class MetricsShardTest : public ShardFixture {
 protected:
  ShardMetrics Metrics() const { return shard_->Snapshot().metrics; }
  static std::uint64_t Observed(const HistogramView& histogram) {
    return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
  }
};

TEST_F(MetricsShardTest, AnAddIsTimedFromItsArrivalToItsReply) {
  const std::string first = MakeEntry(1, 0);
  const std::string second = MakeEntry(1, 1);
  const auto reply = AddAll({first, second, "no entry at all"});
  EXPECT_EQ(Metrics().add_bytes, first.size() + second.size() + 15);
  EXPECT_EQ(Metrics().add_entries.of(Code::kOk), 0U) << "counted before it was answered";
  loop_.Advance(milliseconds(3));
  MakeDurable();
  ASSERT_THAT(**reply, ElementsAre(Code::kOk, Code::kOk, Code::kCorrupt));
  EXPECT_EQ(Metrics().add_entries.of(Code::kOk), 2U);
  EXPECT_EQ(Metrics().add_entries.of(Code::kCorrupt), 1U);
  EXPECT_EQ(Metrics().add_latency.view().sum, 3'000'000U);
  EXPECT_EQ(Observed(Metrics().add_latency.view()), 1U) << "one request";
}

TEST_F(MetricsShardTest, AnAddThatIsRefusedAtOnceCountsToo) {
  shard_->SetReadOnly(true);
  Add(MakeEntry(1, 0));
  EXPECT_EQ(Metrics().add_entries.of(Code::kReadOnly), 1U);
  EXPECT_EQ(Observed(Metrics().add_latency.view()), 1U);
}

TEST_F(MetricsShardTest, ADuplicateThatIsLookedUpIsCountedOnce) {
  Add(MakeEntry(1, 0));
  FlushAll();
  Add(MakeEntry(1, 0));
  EXPECT_EQ(Metrics().add_entries.of(Code::kOk), 1U);
  Turn();
  MakeDurable();
  EXPECT_EQ(Metrics().add_entries.of(Code::kOk), 2U);
}

TEST_F(MetricsShardTest, ReadsTellWhereTheEntriesWere) {
  Add(MakeEntry(1, 0));
  FlushAll();
  Add(MakeEntry(1, 1));
  MakeDurable();
  Read(1, {1});
  EXPECT_EQ(Metrics().read_cached, 1U);
  EXPECT_EQ(Metrics().read_stored, 0U);
  Read(1, {1, 0, 7});
  Read(2, {0});
  loop_.Advance(milliseconds(5));
  Turn();
  const ShardMetrics metrics = Metrics();
  EXPECT_EQ(metrics.read_cached, 2U);
  EXPECT_EQ(metrics.read_stored, 1U);
  EXPECT_EQ(metrics.read_requests.of(Code::kOk), 2U);
  EXPECT_EQ(metrics.read_requests.of(Code::kNoLedger), 1U);
  EXPECT_EQ(metrics.read_entries.of(Code::kOk), 3U);
  EXPECT_EQ(metrics.read_entries.of(Code::kNoEntry), 1U);
  EXPECT_EQ(metrics.read_bytes, 3 * MakeEntry(1, 1).size());
  EXPECT_EQ(metrics.read_latency.view().sum, 5'000'000U);
  EXPECT_EQ(Observed(metrics.read_latency.view()), 3U);
}

TEST_F(MetricsShardTest, FencesCountOncePerLedger) {
  FenceRead(1, 0);
  FenceRead(1, 0);
  Lac(2, true);
  EXPECT_EQ(Metrics().fences, 2U);
}

TEST_F(MetricsShardTest, RequestsOfLastConfirmedEntriesAreCountedByAnswer) {
  Lac(2, true);
  WriteLac(3, 5);
  EXPECT_EQ(Metrics().lac_reads.of(Code::kOk), 0U) << "counted before it was answered";
  MakeDurable();
  Lac(3, false);
  Lac(9, false);
  EXPECT_EQ(Metrics().lac_reads.of(Code::kOk), 2U);
  EXPECT_EQ(Metrics().lac_reads.of(Code::kNoLedger), 1U);
  EXPECT_EQ(Metrics().lac_writes.of(Code::kOk), 1U);
  fakes_.journal->events.failed(common::Error(common::Errc::kIo, "broken"));
  Turn();
  Lac(3, false);
  EXPECT_EQ(Metrics().lac_reads.of(Code::kUnknown), 1U);
}

TEST_F(MetricsShardTest, AFenceIsTimedUntilItIsDurable) {
  FenceRead(1, 0);
  Lac(2, true);
  Lac(2, false);
  Read(1, {0});
  EXPECT_EQ(shard_->Snapshot().replies_waiting, 2U);
  EXPECT_EQ(Observed(Metrics().fence_latency.view()), 0U);
  loop_.Advance(milliseconds(2));
  MakeDurable();
  EXPECT_EQ(Observed(Metrics().fence_latency.view()), 2U);
  EXPECT_EQ(Metrics().fence_latency.view().sum, 4'000'000U);
  EXPECT_EQ(shard_->Snapshot().replies_waiting, 0U);
}

TEST_F(MetricsShardTest, LongPollsAreThoseThatWait) {
  Lac(1, false, 1000);
  Lac(2, false, 1000);
  EXPECT_EQ(Metrics().long_polls, 2U);
  Add(MakeEntry(1, 5, 4));
  loop_.RunAll();
  EXPECT_EQ(Metrics().long_polls, 1U) << "there was news";
  loop_.Advance(milliseconds(1001));
  loop_.RunAll();
  EXPECT_EQ(Metrics().long_polls, 0U) << "the time was over";
}

TEST_F(MetricsShardTest, FlushesAreTimedAndThoseThatFindNoRoomCounted) {
  Add(MakeEntry(1, 0));
  MakeDurable();
  fakes_.store->fail_flushes = common::Error(common::Errc::kDiskFull, "no room");
  AskForFlush();
  Turn();
  EXPECT_EQ(Metrics().flush_failures, 1U);
  EXPECT_EQ(Metrics().flush_bytes, 0U);
  EXPECT_THAT(shard_->Snapshot().why, ElementsAre("a flush found the disk full"));
  fakes_.store->fail_flushes.reset();
  loop_.Advance(options_.flush_retry);
  Turn();
  EXPECT_EQ(Observed(Metrics().flush_duration.view()), 1U);
  EXPECT_EQ(Metrics().flush_bytes, 16 + MakeEntry(1, 0).size()) << "key and entry";
  EXPECT_TRUE(shard_->Snapshot().why.empty());
}

TEST_F(MetricsShardTest, ConflictsAndTheStateAreInTheSnapshot) {
  Add(MakeEntry(1, 0));
  Add(MakeEntry(1, 0, -1, "another"));
  shard_->SetReadOnly(true);
  const ShardSnapshot snapshot = shard_->Snapshot();
  EXPECT_EQ(snapshot.conflicts, 1U);
  EXPECT_EQ(snapshot.mode, ShardMode::kReadOnly);
  EXPECT_EQ(snapshot.status.state, "read-only");
  EXPECT_EQ(snapshot.journal_last, 1U);
  EXPECT_EQ(snapshot.status.journal_lsn, 0);
  EXPECT_FALSE(snapshot.compaction) << "this store has none";
}

}  // namespace
}  // namespace quire::bookie
