#include "bookie/near_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace quire::bookie {
namespace {

// Letters that are to be put in, taken out or exchanged to make one of the other.
std::size_t Distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t changed = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string DidYouMean(std::string_view wrong, std::span<const std::string> names) {
  constexpr std::size_t kLongest = 64;  // of a name: a line of noise is not worth the work
  constexpr std::size_t kBegun = 4;     // letters from which on a name is half there
  constexpr std::size_t kMostSlips = 2;
  if (wrong.empty() || wrong.size() > kLongest) return {};
  const std::string* nearest = nullptr;
  std::size_t least = 0;
  for (const std::string& name : names) {
    // Half a name, as min_free for min_free_mb, is near as well.
    const bool begun = wrong.size() >= kBegun && name.starts_with(wrong);
    const std::size_t distance =
        begun ? std::min<std::size_t>(Distance(wrong, name), 1) : Distance(wrong, name);
    if (nearest == nullptr || distance < least) {
      nearest = &name;
      least = distance;
    }
  }
  if (nearest == nullptr || least > kMostSlips) return {};
  return " (did you mean '" + *nearest + "'?)";
}

}  // namespace quire::bookie
