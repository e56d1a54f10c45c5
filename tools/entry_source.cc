#include "tools/entry_source.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "protocol/limits.h"

namespace quire::tools {

using common::Errc;
using common::Fail;
using common::Result;

namespace {
constexpr std::size_t kReadBytes = 256 * 1024;
}

EntrySource::EntrySource(int fd, int wake, Options options)
    : fd_(fd), wake_(wake), options_(options) {}

Result<std::optional<std::string_view>> EntrySource::Next() {
  for (;;) {
    if (auto entry = Cut()) {
      ++lines_;
      return entry;
    }
    if (options_.lines && buffer_.size() - begin_ > protocol::kMaxPayloadBytes) {
      return Fail(Errc::kEntryTooLarge,
                  "line " + std::to_string(lines_ + 1) + " of the input is longer than " +
                      std::to_string(protocol::kMaxPayloadBytes) +
                      " bytes, the limit of an entry; without --lines the input is cut by size");
    }
    if (end_) return std::nullopt;
    auto more = ReadMore();
    if (!more) return Fail(std::move(more).error());
    if (!*more) return std::nullopt;
  }
}

std::optional<std::string_view> EntrySource::Cut() {
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  if (options_.lines) {
    const auto newline = buffer_.find('\n', std::max(begin_, searched_));
    searched_ = buffer_.size();
    if (newline != std::string::npos) {
      const std::string_view entry = rest.substr(0, newline - begin_);
      if (entry.size() > protocol::kMaxPayloadBytes) return std::nullopt;
      begin_ = searched_ = newline + 1;
      return entry;
    }
    if (rest.size() > protocol::kMaxPayloadBytes) return std::nullopt;
  } else if (rest.size() >= options_.entry_bytes) {
    begin_ += options_.entry_bytes;
    return rest.substr(0, options_.entry_bytes);
  }
  if (!end_ || rest.empty()) return std::nullopt;
  begin_ = buffer_.size();
  return rest;
}

Result<bool> EntrySource::ReadMore() {
  buffer_.erase(0, begin_);
  searched_ -= std::min(searched_, begin_);
  begin_ = 0;
  for (;;) {
    pollfd waits[2] = {{fd_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) {
      return common::FailErrno(errno, "wait for", "standard input");
    }
    if (waits[1].revents != 0) return false;
    if (waits[0].revents == 0) continue;
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kReadBytes);
    const ssize_t got = ::read(fd_, buffer_.data() + before, kReadBytes);
    const int error = errno;
    buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && (error == EINTR || error == EAGAIN)) continue;
    if (got < 0) return common::FailErrno(error, "read", "standard input");
    if (got == 0) end_ = true;
    return true;
  }
}

}  // namespace quire::tools
