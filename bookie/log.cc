#include "bookie/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace quire::bookie {
namespace {

spdlog::level::level_enum Level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

LogSink StderrSink(LogLevel level) {
  auto logger =
      std::make_shared<spdlog::logger>("bookie", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(Level(level));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->flush_on(spdlog::level::info);
  return [logger](LogLevel line_level, std::string_view line) {
    logger->log(Level(line_level), "{}", line);
  };
}

}  // namespace quire::bookie
