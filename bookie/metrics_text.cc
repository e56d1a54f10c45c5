#include "bookie/metrics_text.h"

#include <cmath>

#include "bookie/metrics_number.h"

namespace quire::bookie {
namespace {

std::string_view TypeName(MetricsText::Type type) {
  switch (type) {
    case MetricsText::Type::kCounter: return "counter";
    case MetricsText::Type::kGauge: return "gauge";
    case MetricsText::Type::kHistogram: return "histogram";
  }
  return "untyped";
}

// In help a quotation mark stands for itself.
void Escape(std::string_view raw, bool quoted, std::string& out) {
  for (const char c : raw) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quoted && c == '"')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return ShortestText(value);
}

}  // namespace

void MetricsText::Family(std::string_view name, Type type, std::string_view help) {
  family_ = name;
  text_ += "# HELP " + family_ + " ";
  Escape(help, false, text_);
  text_ += "\n# TYPE " + family_ + " ";
  text_ += TypeName(type);
  text_ += '\n';
}

void MetricsText::Begin(std::string_view suffix, Labels labels, std::string_view bound) {
  text_ += family_;
  text_ += suffix;
  char separator = '{';
  const auto add = [&](const Label& label) {
    text_ += separator;
    text_ += label.name;
    text_ += "=\"";
    Escape(label.value, true, text_);
    text_ += '"';
    separator = ',';
  };
  for (const Label& label : labels) add(label);
  if (!bound.empty()) add({.name = "le", .value = bound});
  text_ += separator == '{' ? " " : "} ";
}

void MetricsText::Sample(Labels labels, std::uint64_t value) {
  Begin("", labels);
  text_ += std::to_string(value) + "\n";
}

void MetricsText::Sample(Labels labels, double value) {
  Begin("", labels);
  text_ += Number(value) + "\n";
}

void MetricsText::Sample(Labels labels, const HistogramView& histogram, double unit) {
  std::uint64_t below = 0;
  std::uint64_t bound = histogram.first;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i, bound *= 2) {
    const bool last = i + 1 == histogram.counts.size();
    below += histogram.counts[i];
    Begin("_bucket", labels, last ? "+Inf" : Number(static_cast<double>(bound) / unit));
    text_ += std::to_string(below) + "\n";
  }
  Begin("_sum", labels);
  text_ += Number(static_cast<double>(histogram.sum) / unit) + "\n";
  Begin("_count", labels);
  text_ += std::to_string(below) + "\n";
}

}  // namespace quire::bookie
