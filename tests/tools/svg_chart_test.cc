#include "tools/svg_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace quire::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Scale = SvgChart::Scale;

// The points of the only line.
std::vector<SvgPoint> DrawnPoints(const std::string& svg) {
  const std::string begin = "<polyline points=\"";
  const auto at = svg.find(begin) + begin.size();
  std::istringstream text(svg.substr(at, svg.find('"', at) - at));
  std::vector<SvgPoint> points;
  SvgPoint point;
  char comma = 0;
  while (text >> point.x >> comma >> point.y) points.push_back(point);
  return points;
}

TEST(SvgChartTest, PutsPointsWhereTheirValuesAre) {
  SvgFigure figure("f");
  figure.AddChart("c", "s", "1/s", Scale::kLinear).AddLine("l") = {{0, 0}, {5, 50}, {10, 100}};
  const auto points = DrawnPoints(figure.Text());
  ASSERT_EQ(points.size(), 3U);
  EXPECT_LT(points[0].x, points[1].x);
  EXPECT_GT(points[0].y, points[1].y);  // up is less
  EXPECT_NEAR(points[1].x, (points[0].x + points[2].x) / 2, 0.2);
  EXPECT_NEAR(points[1].y, (points[0].y + points[2].y) / 2, 0.2);
  for (const SvgPoint& point : points) {
    EXPECT_GT(point.x, 0);
    EXPECT_LT(point.x, 800);
    EXPECT_GT(point.y, 0);
    EXPECT_LT(point.y, 276);
  }
}

TEST(SvgChartTest, ALogarithmicAxisGivesEachPowerOfTenTheSameRoom) {
  SvgFigure figure("f");
  figure.AddChart("c", "s", "ms", Scale::kLogarithmic).AddLine("l") = {
      {0, 0.1}, {1, 0}, {2, 10}, {3, 1000}};
  const auto points = DrawnPoints(figure.Text());
  ASSERT_EQ(points.size(), 3U);  // 0 has no place there
  EXPECT_NEAR(points[0].y - points[1].y, points[1].y - points[2].y, 0.2);
}

TEST(SvgChartTest, IsAWholeFileWithItsWordsEscaped) {
  SvgFigure figure("a < b & c");
  figure.AddChart("throughput", "s", "1/s", Scale::kLinear).AddLine("<line>") = {{1, 1}};
  const std::string svg = figure.Text();
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
  EXPECT_THAT(svg, HasSubstr("&lt;line&gt;"));
}

TEST(SvgChartTest, DrawsNothingOfNothing) {
  SvgFigure figure("f");
  figure.AddChart("c", "s", "ms", Scale::kLogarithmic).AddLine("l");
  figure.AddChart("c", "s", "ms", Scale::kLinear);
  EXPECT_THAT(figure.Text(), Not(HasSubstr("nan")));
  EXPECT_THAT(figure.Text(), Not(HasSubstr("inf")));
}

}  // namespace
}  // namespace quire::tools
