#include "tools/bench_run.h"

#include <gtest/gtest.h>

#include "tools/bench_report.h"
#include "tools/first_error.h"

namespace quire::tools {
namespace {

// The rest of a millisecond once made an interval of its own, and a rate of nonsense.
TEST(IntervalLengthTest, IsASecondAndLeavesNoShortRest) {
  for (const double seconds : {0.1, 1.0, 1.0001, 1.6, 2.9999, 3.0, 10.0, 10.4}) {
    double left = seconds;
    for (int i = 0; left > 0; ++i) {
      const double length = IntervalLength(left);
      EXPECT_LE(length, 1.5) << seconds;
      if (i > 0 || seconds >= 0.5) EXPECT_GE(length, 0.5) << seconds;
      left -= length;
    }
    EXPECT_EQ(left, 0) << seconds;
  }
}

// Records what it is told, and fails when it is told to.
class FakeLoad final : public Load {
 public:
  explicit FakeLoad(bool fails) : fails_(fails) {}

  void Begin() override {
    meter().Record(std::chrono::milliseconds(1), 7, 700);
    if (fails_) error_.Note(common::Error(common::Errc::kTimeout, "a bookie"));
  }
  bool failed() const override { return error_.any(); }
  std::optional<common::Error> End() override {
    ended_ = true;
    return error_.error();
  }
  bool ended() const { return ended_; }

 private:
  const bool fails_;
  bool ended_ = false;
  FirstError error_;
};

BenchOptions Short(double warmup) {
  BenchOptions options;
  options.warmup_seconds = warmup;
  options.seconds = 0.1;
  return options;
}

TEST(RunLoadsTest, CountsWhatIsDoneAfterTheWarmUp) {
  StopSignals signals;
  FakeLoad load(false);
  const auto cold = RunLoads({{.name = "things", .load = &load}}, Short(0), {}, signals);
  ASSERT_TRUE(cold) << cold.error().ToString();
  EXPECT_TRUE(load.ended());
  ASSERT_EQ(cold->tracks.size(), 1U);
  EXPECT_EQ(cold->tracks[0].total.entries, 0);  // it was over before the measurement
  EXPECT_EQ(cold->tracks[0].intervals.size(), 1U);
  EXPECT_GE(cold->seconds, 0.1);
}

TEST(RunLoadsTest, EndsAllLoadsWhenOneFails) {
  StopSignals signals;
  FakeLoad good(false);
  FakeLoad bad(true);
  BenchOptions options = Short(1000);  // nobody waits for the rest of it
  const auto result = RunLoads({{.name = "good", .load = &good}, {.name = "bad", .load = &bad}},
                               options, {}, signals);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), common::Errc::kTimeout);
  EXPECT_TRUE(good.ended());
  EXPECT_TRUE(bad.ended());
}

TEST(MeterTest, GivesEachRecordOnce) {
  Meter meter;
  meter.Record(std::chrono::milliseconds(2), 3, 300);
  meter.Record(std::chrono::milliseconds(4), 1, 100);
  Tally total = meter.Take();
  EXPECT_EQ(total.entries, 4);
  EXPECT_EQ(total.bytes, 400);
  EXPECT_EQ(total.nanoseconds.count(), 2U);
  EXPECT_EQ(meter.Take().entries, 0);
  meter.Record(std::chrono::milliseconds(9), 1, 100);
  total.Merge(meter.Take());
  EXPECT_EQ(total.entries, 5);
  EXPECT_EQ(total.nanoseconds.max(), 9'000'000U);
}

BenchResult Sample() {
  BenchResult result;
  result.seconds = 2;
  TrackResult appends{.name = "appends", .total = {}, .intervals = {}};
  for (int i = 1; i <= 100; ++i) {
    appends.total.nanoseconds.Record(static_cast<std::uint64_t>(i) * 1'000'000);
  }
  appends.total.entries = 100;
  appends.total.bytes = 100 * 1024;
  appends.intervals = {{.end = 1, .seconds = 1, .entries = 40, .p50 = 1, .p99 = 2, .p999 = 3},
                       {.end = 2, .seconds = 1, .entries = 60, .p50 = 1, .p99 = 2, .p999 = 3}};
  result.tracks = {appends};
  const auto share = [](const char* name, double cpu, std::int64_t written) {
    return ProcessShare{.process = {.name = name, .pid = 1},
                        .used = {.cpu_seconds = cpu,
                                 .bytes_written = written,
                                 .resident_bytes = 1 << 20,
                                 .peak_bytes = 2 << 20}};
  };
  result.processes = {share("client", 0.0001, 0), share("bookie-1", 0.0002, 307200),
                      share("bookie-2", 0.0002, 307200)};
  return result;
}

TEST(BenchReportTest, GivesRatesCostsAndPercentiles) {
  BenchOptions options;
  options.replication = {2, 2, 2};
  auto result = Sample();
  result.floor_per_second = 200;
  const auto json = JsonReport("append", options, result);
  EXPECT_EQ(json["tracks"][0]["per_second"], 50);
  EXPECT_NEAR(json["tracks"][0]["latency_us"]["p50"].get<double>(), 50'000, 1000);
  EXPECT_NEAR(json["tracks"][0]["latency_us"]["p99"].get<double>(), 99'000, 2000);
  EXPECT_EQ(json["tracks"][0]["latency_us"]["max"], 100'000);
  EXPECT_EQ(json["tracks"][0]["intervals"][1]["per_second"], 60);
  EXPECT_NEAR(json["processes"][0]["cpu_us_per_entry"].get<double>(), 1, 1e-9);
  EXPECT_NEAR(json["processes"][1]["cpu_us_per_entry"].get<double>(), 2, 1e-9);
  EXPECT_NEAR(json["bytes_written_per_byte_stored"].get<double>(), 3, 1e-9);
  EXPECT_NEAR(json["share_of_floor"].get<double>(), 0.25, 1e-9);
  const std::string text = TextReport("append", options, result);
  EXPECT_NE(text.find("50/s"), std::string::npos) << text;
  EXPECT_NE(text.find("25 %"), std::string::npos) << text;
  EXPECT_NE(text.find("byte stored: 3.00"), std::string::npos) << text;
}

TEST(BenchReportTest, SaysNothingOfBytesThatNobodySaw) {
  auto result = Sample();
  result.processes.clear();
  EXPECT_EQ(TextReport("append", {}, result).find("byte stored"), std::string::npos);
}

}  // namespace
}  // namespace quire::tools
