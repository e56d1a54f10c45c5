#pragma once

#include <deque>
#include <string>
#include <vector>

namespace quire::tools {

struct SvgPoint {
  double x = 0;
  double y = 0;
};

// Lines over two axes. The y axis begins at 0, or spans whole powers of ten, where what is not
// positive is left out.
class SvgChart {
 public:
  enum class Scale { kLinear, kLogarithmic };

  SvgChart(std::string title, std::string x_unit, std::string y_unit, Scale scale)
      : title_(std::move(title)),
        x_unit_(std::move(x_unit)),
        y_unit_(std::move(y_unit)),
        scale_(scale) {}

  // The points of a new line, in order; valid as long as the chart.
  std::vector<SvgPoint>& AddLine(std::string name) {
    lines_.push_back({std::move(name), {}});
    return lines_.back().points;
  }

  // SVG elements for the place of the given size at (left, top) of a figure.
  std::string Text(double left, double top, double width, double height) const;

 private:
  struct Line {
    std::string name;
    std::vector<SvgPoint> points;
  };

  bool Drawable(const SvgPoint& point) const { return scale_ == Scale::kLinear || point.y > 0; }

  const std::string title_;
  const std::string x_unit_;
  const std::string y_unit_;
  const Scale scale_;
  std::deque<Line> lines_;
};

// Charts under one another, as a whole SVG file.
class SvgFigure {
 public:
  explicit SvgFigure(std::string title) : title_(std::move(title)) {}

  SvgChart& AddChart(std::string title, std::string x_unit, std::string y_unit,
                     SvgChart::Scale scale) {
    return charts_.emplace_back(std::move(title), std::move(x_unit), std::move(y_unit), scale);
  }

  std::string Text() const;

 private:
  const std::string title_;
  std::deque<SvgChart> charts_;
};

}  // namespace quire::tools
