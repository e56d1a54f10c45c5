#include "tools/progress_line.h"

#include <unistd.h>

#include <string>

#include "tools/console.h"

namespace quire::tools {
namespace {

constexpr auto kPause = std::chrono::milliseconds(250);

void WriteTerminal(const std::string& text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nobody looks
}

}  // namespace

ProgressLine::ProgressLine()
    : terminal_(::isatty(STDERR_FILENO) == 1), start_(Clock::now()), next_(start_ + kPause) {}

ProgressLine::~ProgressLine() {
  if (drawn_) WriteTerminal("\r\033[K");
}

bool ProgressLine::due() const {
  return terminal_ && Clock::now() >= next_;
}

void ProgressLine::Draw(std::int64_t entries, std::int64_t bytes) {
  const auto now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const auto total = static_cast<double>(bytes);
  WriteTerminal("\r" + HumanCount(entries) + " entries, " + HumanBytes(total) + ", " +
                HumanBytes(total / seconds) + "/s\033[K");
  drawn_ = true;
  next_ = now + kPause;
}

}  // namespace quire::tools
