#include "tests/nemesis/history.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "common/check.h"

namespace quire::nemesis {

History::History(const std::string& path)
    : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644)) {
  QUIRE_CHECK(fd_ >= 0);
}

History::~History() {
  ::close(fd_);
}

void History::Write(std::string_view event, nlohmann::json fields) {
  fields["e"] = event;
  const std::lock_guard lock(mutex_);
  fields["t"] = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::string line = fields.dump() + "\n";
  QUIRE_CHECK(::write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

void History::WriteError(std::string_view event, nlohmann::json fields,
                         const common::Error& error) {
  fields["code"] = error.error_code().message();
  fields["error"] = error.ToString();
  Write(event, std::move(fields));
}

}  // namespace quire::nemesis
