#include "tools/svg_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace quire::tools {
namespace {

constexpr std::array kColours{"#1b6ca8", "#d1495b", "#3a7d44", "#edae49", "#6a4c93"};
constexpr double kFigureWidth = 800;
constexpr double kChartHeight = 240;
constexpr double kTitleHeight = 36;

template <typename... Values>
std::string Format(const char* format, Values... values) {
  std::string text(512, '\0');
  const int size = std::snprintf(text.data(), text.size(), format, values...);
  text.resize(std::min(text.size() - 1, static_cast<std::size_t>(std::max(size, 0))));
  return text;
}

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '&': escaped += "&amp;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string Words(double x, double y, const char* anchor, const std::string& text) {
  return Format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor) + Escaped(text) +
         "</text>\n";
}

std::string Rule(double x1, double y1, double x2, double y2) {
  return Format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", x1, y1,
                x2, y2);
}

// One axis: where a value lies on it, and which values are written beside it.
class Axis {
 public:
  static Axis Linear(double most) {
    const double rough = most > 0 ? most / 4 : 0.25;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = power;
    for (const double factor : {2.0, 5.0, 10.0}) {
      if (step * 4 < most) step = power * factor;
    }
    Axis axis(false, 0, std::max(step, std::ceil(most / step) * step));
    for (double mark = 0; mark <= axis.high_ * 1.001; mark += step) axis.marks_.push_back(mark);
    return axis;
  }
  static Axis Logarithmic(double least, double most) {
    const double low = std::floor(std::log10(least));
    const double high = std::max(low + 1, std::ceil(std::log10(most)));
    Axis axis(true, low, high);
    for (double mark = low; mark <= high; ++mark) axis.marks_.push_back(std::pow(10, mark));
    return axis;
  }

  // 0 at the low end, 1 at the high one.
  double Place(double value) const {
    return ((logarithmic_ ? std::log10(value) : value) - low_) / (high_ - low_);
  }
  const std::vector<double>& marks() const { return marks_; }

 private:
  Axis(bool logarithmic, double low, double high)
      : logarithmic_(logarithmic), low_(low), high_(high) {}

  bool logarithmic_;
  double low_;
  double high_;
  std::vector<double> marks_;
};

std::string Short(double value) {
  if (value >= 1e6) return Format("%gM", value / 1e6);
  return value >= 1e4 ? Format("%gk", value / 1e3) : Format("%g", value);
}

}  // namespace

std::string SvgChart::Text(double left, double top, double width, double height) const {
  double most_x = 0;
  double most_y = 0;
  double least_y = HUGE_VAL;
  for (const Line& line : lines_) {
    for (const SvgPoint& point : line.points) {
      if (!Drawable(point)) continue;
      most_x = std::max(most_x, point.x);
      most_y = std::max(most_y, point.y);
      least_y = std::min(least_y, point.y);
    }
  }
  const Axis x_axis = Axis::Linear(most_x);
  const Axis y_axis = scale_ == Scale::kLinear || most_y <= 0 ? Axis::Linear(most_y)
                                                              : Axis::Logarithmic(least_y, most_y);
  const double x0 = left + 60;
  const double x1 = left + width - 100;
  const double y0 = top + height - 36;
  const double y1 = top + 24;
  const auto x_of = [&](double x) { return x0 + x_axis.Place(x) * (x1 - x0); };
  const auto y_of = [&](double y) { return y0 + y_axis.Place(y) * (y1 - y0); };

  std::string text = Words(x0, top + 14, "start", title_ + ", " + y_unit_);
  for (const double mark : y_axis.marks()) {
    text += Rule(x0, y_of(mark), x1, y_of(mark));
    text += Words(x0 - 6, y_of(mark) + 4, "end", Short(mark));
  }
  for (const double mark : x_axis.marks()) {
    text += Rule(x_of(mark), y0, x_of(mark), y0 + 4);
    text += Words(x_of(mark), y0 + 18, "middle", Short(mark) + " " + x_unit_);
  }
  double legend = y1 + 10;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const char* colour = kColours[i % kColours.size()];
    std::string points;
    for (const SvgPoint& point : lines_[i].points) {
      if (Drawable(point)) points += Format("%.1f,%.1f ", x_of(point.x), y_of(point.y));
    }
    text += "<polyline points=\"" + points + "\" fill=\"none\" stroke=\"" + colour +
            "\" stroke-width=\"1.5\"/>\n";
    text += Format("<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"3\" fill=\"%s\"/>\n", x1 + 8,
                   legend - 5, colour);
    text += Words(x1 + 22, legend, "start", lines_[i].name);
    legend += 18;
  }
  return text;
}

std::string SvgFigure::Text() const {
  const double height = kTitleHeight + kChartHeight * static_cast<double>(charts_.size());
  std::string text = Format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" "
      "viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
      kFigureWidth, height, kFigureWidth, height);
  text += Words(kFigureWidth / 2, 22, "middle", title_);
  double top = kTitleHeight;
  for (const SvgChart& chart : charts_) {
    text += chart.Text(0, top, kFigureWidth, kChartHeight);
    top += kChartHeight;
  }
  return text + "</svg>\n";
}

}  // namespace quire::tools
