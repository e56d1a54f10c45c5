#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace quire::bookie {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

// Their names, as operators write them.
inline constexpr std::pair<std::string_view, LogLevel> kLogLevels[] = {
    {"debug", LogLevel::kDebug},
    {"info", LogLevel::kInfo},
    {"warning", LogLevel::kWarning},
    {"error", LogLevel::kError}};
inline constexpr std::pair<std::string_view, LogFormat> kLogFormats[] = {
    {"text", LogFormat::kText}, {"json", LogFormat::kJson}};

// Lines since the start.
struct LogStats {
  std::uint64_t warnings = 0;
  std::uint64_t errors = 0;
  std::uint64_t lost = 0;  // of any level, never written
};

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

}  // namespace quire::bookie
