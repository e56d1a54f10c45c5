#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "bookie/metrics_histogram.h"

namespace quire::bookie {

// Gathers samples for prometheus-cpp, which writes them in the Prometheus text format. Only that is
// its part: its own counters and histograms are made of locks and atomics, and ours are plain
// integers that the loop counts and a snapshot carries to the thread of HTTP.
//
// A family is begun once and all its samples follow it.
class MetricsText {
 public:
  enum class Type { kCounter, kGauge, kHistogram };
  struct Label {
    std::string_view name;
    std::string_view value;
  };
  using Labels = std::initializer_list<Label>;

  void Family(std::string_view name, Type type, std::string_view help);
  void Sample(Labels labels, std::uint64_t value);
  void Sample(Labels labels, double value);
  // The buckets, their sum and their count. Bounds and sum are divided by `unit`: 1e9 makes
  // seconds of nanoseconds.
  void Sample(Labels labels, const HistogramView& histogram, double unit);

  std::string text() const;

 private:
  prometheus::ClientMetric& Add(Labels labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace quire::bookie
