#include "tests/simulation/trace.h"

#include <array>
#include <cstdio>

namespace quire::simulation {

Trace::Trace(const SimScheduler& scheduler, std::size_t lines)
    : scheduler_(scheduler), start_(scheduler.Now()), most_(lines) {}

std::string& Trace::NextLine() {
  if (lines_.size() < most_) lines_.emplace_back();
  std::string& line = lines_[count_++ % most_];
  const double ms = std::chrono::duration<double, std::milli>(scheduler_.Now() - start_).count();
  std::array<char, 32> head{};
  const int length = std::snprintf(head.data(), head.size(), "%12.3f ms  ", ms);
  line.assign(head.data(), static_cast<std::size_t>(length));
  return line;
}

std::string Trace::Text() const {
  std::string text;
  const std::uint64_t kept = lines_.size();
  if (count_ > kept) text += "(" + std::to_string(count_ - kept) + " earlier lines are lost)\n";
  for (std::uint64_t i = count_ - kept; i < count_; ++i) text += lines_[i % most_] + '\n';
  return text;
}

}  // namespace quire::simulation
