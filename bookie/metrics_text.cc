#include "bookie/metrics_text.h"

#include <prometheus/text_serializer.h>

#include <limits>

namespace quire::bookie {
namespace {

prometheus::MetricType ToPrometheus(MetricsText::Type type) {
  switch (type) {
    case MetricsText::Type::kCounter: return prometheus::MetricType::Counter;
    case MetricsText::Type::kGauge: return prometheus::MetricType::Gauge;
    case MetricsText::Type::kHistogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

void MetricsText::Family(std::string_view name, Type type, std::string_view help) {
  prometheus::MetricFamily& family = families_.emplace_back();
  family.name = name;
  family.help = help;
  family.type = ToPrometheus(type);
}

prometheus::ClientMetric& MetricsText::Add(Labels labels) {
  prometheus::ClientMetric& sample = families_.back().metric.emplace_back();
  for (const Label& label : labels) {
    sample.label.push_back({.name = std::string(label.name), .value = std::string(label.value)});
  }
  return sample;
}

void MetricsText::Sample(Labels labels, std::uint64_t value) {
  Sample(labels, static_cast<double>(value));
}

void MetricsText::Sample(Labels labels, double value) {
  prometheus::ClientMetric& sample = Add(labels);
  sample.gauge.value = value;  // the serializer takes the one of the family's type
  sample.counter.value = value;
}

void MetricsText::Sample(Labels labels, const HistogramView& histogram, double unit) {
  prometheus::ClientMetric::Histogram& out = Add(labels).histogram;
  std::uint64_t bound = histogram.first;
  for (const std::uint64_t count : histogram.counts) {
    out.sample_count += count;
    out.bucket.push_back(
        {.cumulative_count = out.sample_count, .upper_bound = static_cast<double>(bound) / unit});
    bound *= 2;
  }
  out.bucket.back().upper_bound = std::numeric_limits<double>::infinity();
  out.sample_sum = static_cast<double>(histogram.sum) / unit;
}

std::string MetricsText::text() const {
  return prometheus::TextSerializer().Serialize(families_);
}

}  // namespace quire::bookie
