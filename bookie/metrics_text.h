#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "bookie/metrics_histogram.h"

namespace quire::bookie {

// Writes numbers in the Prometheus text format, version 0.0.4. Of our own because it is small and
// Debian 12 has no package of a client library in C++; that, too, keeps the numbers themselves
// plain integers that the loop may count without a lock.
//
// A family is begun once and all its samples follow it. Names of families and labels are literals
// of the code and written as they are; help and label values are escaped.
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

  const std::string& text() const { return text_; }

 private:
  // "name_suffix{labels} "; `bound` empty: no label le.
  void Begin(std::string_view suffix, Labels labels, std::string_view bound = {});

  std::string family_;
  std::string text_;
};

}  // namespace quire::bookie
