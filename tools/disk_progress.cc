#include "tools/disk_progress.h"

#include <unistd.h>

#include <string>

#include "tools/console.h"

namespace quire::tools {
namespace {

constexpr auto kPause = std::chrono::milliseconds(250);
constexpr std::uint64_t kLookBytes = 1 << 20;

void WriteTerminal(const std::string& text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nobody looks
}

}  // namespace

DiskProgress::DiskProgress(bool quiet) : shown_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

DiskProgress::~DiskProgress() {
  if (drawn_) WriteTerminal("\r\033[K");
}

double DiskProgress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void DiskProgress::Done(std::uint64_t bytes, std::uint64_t of) {
  if (!shown_ || bytes < next_bytes_) return;
  next_bytes_ = bytes + kLookBytes;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + kPause;
  const auto done = static_cast<double>(bytes);
  const auto total = static_cast<double>(of);
  const auto percent = total > 0 ? static_cast<int>(done / total * 100) : 100;
  WriteTerminal("\r" + HumanBytes(done) + " of " + HumanBytes(total) + " (" +
                std::to_string(percent) + " %), " + HumanBytes(done / seconds()) + "/s\033[K");
  drawn_ = true;
}

}  // namespace quire::tools
