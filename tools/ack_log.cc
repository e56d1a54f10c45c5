#include "tools/ack_log.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace quire::tools {
namespace {
constexpr std::int64_t kMostLines = 8192;  // in one write
}

AckLog::AckLog(StandardOutput& out) : out_(out), thread_([this] { Run(); }) {}

AckLog::~AckLog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void AckLog::Acknowledged(std::int64_t entry) {
  {
    const std::lock_guard lock(mutex_);
    acknowledged_ = entry;
  }
  wake_.notify_one();
}

bool AckLog::broken() {
  const std::lock_guard lock(mutex_);
  return broken_;
}

void AckLog::Run() {
  std::int64_t written = -1;
  std::string lines;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || acknowledged_ > written; });
      if (acknowledged_ == written) return;
      const std::int64_t last = std::min(acknowledged_, written + kMostLines);
      lock.unlock();
      lines.clear();
      while (written < last) {
        char digits[24];
        char* end = std::to_chars(digits, digits + sizeof(digits), ++written).ptr;
        *end++ = '\n';
        lines.append(digits, end);
      }
    }
    if (out_.Write(lines)) continue;
    const std::lock_guard lock(mutex_);
    broken_ = true;
    return;
  }
}

}  // namespace quire::tools
