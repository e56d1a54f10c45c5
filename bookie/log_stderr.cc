#include "bookie/log_stderr.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace quire::bookie {
namespace {

constexpr std::size_t kMostWaiting = 1024;
constexpr std::chrono::seconds kLastWords(1);

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

// The line as a JSON text, whatever bytes are in it.
class JsonText final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& line, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const std::string text = nlohmann::json(std::string(line.payload.data(), line.payload.size()))
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonText>();
  }
};

std::unique_ptr<spdlog::formatter> Formatter(LogFormat format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  if (format == LogFormat::kText) {
    formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  } else {
    formatter->add_flag<JsonText>('J').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%J})");
  }
  return formatter;
}

// False: the descriptor takes no more. Blocks as long as it does.
bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // somebody who shares it does not want to wait
      pollfd ready{.fd = file, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// Writes on the thread of the pool, by itself: the lock of the C library's stream would be held
// while it waits.
class FileSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  // On a descriptor of its own: a thread that is given up may still use it.
  explicit FileSink(int file) : file_(::fcntl(file, F_DUPFD_CLOEXEC, 0)) {}
  ~FileSink() override { ::close(file_); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  void set_pool(spdlog::details::thread_pool* pool) { pool_ = pool; }
  std::uint64_t done() const { return done_; }
  std::uint64_t failed() const { return failed_; }

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    TellOfLost(line);
    if (!Write(line)) ++failed_;
    ++done_;
  }
  void flush_() override {}

 private:
  bool Write(const spdlog::details::log_msg& line) {
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    return WriteAll(file_, {text.data(), text.size()});
  }

  // There is a hole in front of this line.
  void TellOfLost(const spdlog::details::log_msg& line) {
    const std::size_t lost = pool_->overrun_counter();
    if (lost == told_) return;
    const std::string text = std::to_string(lost - std::exchange(told_, lost)) +
                             " lines are missing before this one: nobody took them in time";
    Write({line.logger_name, spdlog::level::warn, text});
  }

  const int file_;
  spdlog::details::thread_pool* pool_ = nullptr;
  std::size_t told_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
};

}  // namespace

struct StderrLog::Parts {
  Parts(LogLevel level, LogFormat format, int file)
      : sink(std::make_shared<FileSink>(file)),
        pool(std::make_shared<spdlog::details::thread_pool>(
            kMostWaiting, 1, [] { pthread_setname_np(pthread_self(), "log"); })),
        logger(std::make_shared<spdlog::async_logger>(
            "bookie", sink, pool, spdlog::async_overflow_policy::overrun_oldest)) {
    sink->set_pool(pool.get());
    logger->set_formatter(Formatter(format));
    logger->set_level(ToSpdlog(level));
  }

  void Write(LogLevel level, std::string_view line) {
    if (!logger->should_log(ToSpdlog(level))) return;
    ++counts[static_cast<std::size_t>(level)];
    ++submitted;
    logger->log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }
  std::uint64_t lost() const { return pool->overrun_counter() + sink->failed(); }

  const std::shared_ptr<FileSink> sink;
  const std::shared_ptr<spdlog::details::thread_pool> pool;
  const std::shared_ptr<spdlog::async_logger> logger;
  std::atomic<std::uint64_t> submitted = 0;
  std::array<std::atomic<std::uint64_t>, std::size(kLogLevels)> counts{};
};

StderrLog::StderrLog(LogLevel level, LogFormat format, int file)
    : parts_(std::make_shared<Parts>(level, format, file)) {}

StderrLog::~StderrLog() {
  if (Drain(kLastWords)) return;
  // Its thread cannot be ended: it ends with the process.
  static auto* const given_up = new std::vector<std::shared_ptr<Parts>>;
  given_up->push_back(parts_);
}

LogSink StderrLog::sink() const {
  return [parts = std::weak_ptr(parts_)](LogLevel level, std::string_view line) {
    if (const auto alive = parts.lock()) alive->Write(level, line);
  };
}

bool StderrLog::Drain(std::chrono::milliseconds at_most) const {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (parts_->sink->done() + parts_->pool->overrun_counter() < parts_->submitted) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

void StderrLog::SetLevel(LogLevel level) {
  parts_->logger->set_level(ToSpdlog(level));
}

LogLevel StderrLog::level() const {
  for (const auto& [name, level] : kLogLevels) {
    if (ToSpdlog(level) == parts_->logger->level()) return level;
  }
  return LogLevel::kError;
}

LogStats StderrLog::stats() const {
  const auto count = [this](LogLevel level) -> std::uint64_t {
    return parts_->counts[static_cast<std::size_t>(level)];
  };
  return {.warnings = count(LogLevel::kWarning),
          .errors = count(LogLevel::kError),
          .lost = parts_->lost()};
}

}  // namespace quire::bookie
