#pragma once

#include <functional>
#include <string_view>
#include <utility>

namespace quire::bookie {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
using LogSink = std::function<void(LogLevel, std::string_view)>;

// The one way a bookie speaks to its operator: start-up facts and changes of state, never a line
// per entry. Any thread, if the sink allows it.
class Log {
 public:
  Log() = default;  // silent
  explicit Log(LogSink sink) : sink_(std::move(sink)) {}

  void Debug(std::string_view line) const { Write(LogLevel::kDebug, line); }
  void Info(std::string_view line) const { Write(LogLevel::kInfo, line); }
  void Warning(std::string_view line) const { Write(LogLevel::kWarning, line); }
  void Error(std::string_view line) const { Write(LogLevel::kError, line); }

 private:
  void Write(LogLevel level, std::string_view line) const {
    if (sink_) sink_(level, line);
  }

  LogSink sink_;
};

// Lines at or above `level` to standard error with time and level. Any thread.
LogSink StderrSink(LogLevel level);

}  // namespace quire::bookie
