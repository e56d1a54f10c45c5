#include "bookie/metrics_text.h"

#include <gtest/gtest.h>

namespace quire::bookie {
namespace {

using Type = MetricsText::Type;

TEST(MetricsTextTest, WritesFamiliesSamplesAndHistograms) {
  MetricsText text;
  text.Family("quire_calls_total", Type::kCounter, "Calls.");
  text.Sample({{"bookie", "00ff"}, {"code", "ok"}}, std::uint64_t{1} << 53);
  text.Sample({{"bookie", "00ff"}, {"code", "busy"}}, std::uint64_t{0});
  text.Family("quire_uptime_seconds", Type::kGauge, "Since the start.");
  text.Sample({}, 0.25);
  Histogram<10'000, 3> latency;
  for (const std::uint64_t ns : {9'000, 10'000, 30'000, 90'000}) latency.Observe(ns);
  text.Family("quire_sync_seconds", Type::kHistogram, "Syncs.");
  text.Sample({{"bookie", "00ff"}}, latency.view(), 1e9);
  EXPECT_EQ(text.text(), R"(# HELP quire_calls_total Calls.
# TYPE quire_calls_total counter
quire_calls_total{bookie="00ff",code="ok"} 9007199254740992
quire_calls_total{bookie="00ff",code="busy"} 0
# HELP quire_uptime_seconds Since the start.
# TYPE quire_uptime_seconds gauge
quire_uptime_seconds 0.25
# HELP quire_sync_seconds Syncs.
# TYPE quire_sync_seconds histogram
quire_sync_seconds_count{bookie="00ff"} 4
quire_sync_seconds_sum{bookie="00ff"} 0.000139
quire_sync_seconds_bucket{bookie="00ff",le="1e-05"} 2
quire_sync_seconds_bucket{bookie="00ff",le="2e-05"} 2
quire_sync_seconds_bucket{bookie="00ff",le="4e-05"} 3
quire_sync_seconds_bucket{bookie="00ff",le="+Inf"} 4
)");
}

TEST(MetricsTextTest, AHistogramWithoutLabelsHasOnlyItsBounds) {
  MetricsText text;
  text.Family("h", Type::kHistogram, "H.");
  text.Sample({}, Histogram<1, 1>().view(), 1);
  EXPECT_EQ(text.text(),
            "# HELP h H.\n# TYPE h histogram\nh_count 0\nh_sum 0\nh_bucket{le=\"1\"} 0\n"
            "h_bucket{le=\"+Inf\"} 0\n");
}

TEST(MetricsTextTest, EscapesLabels) {
  MetricsText text;
  text.Family("m", Type::kGauge, "M.");
  text.Sample({{"path", "/a\\b\"c\nd"}}, std::uint64_t{1});
  EXPECT_EQ(text.text(), "# HELP m M.\n# TYPE m gauge\nm{path=\"/a\\\\b\\\"c\\nd\"} 1\n");
}

}  // namespace
}  // namespace quire::bookie
