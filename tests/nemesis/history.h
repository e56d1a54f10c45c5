#pragma once

#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "client/types.h"
#include "common/error.h"

namespace quire::nemesis {

// What one client saw: a file of JSON lines, each with the machine's monotonic time ("t", in
// nanoseconds) and the kind of event ("e"). A line is with the kernel when Write returns, so that a
// SIGKILL loses nothing of what was written before; it may tear the line under way. Any thread.
class History {
 public:
  // Makes the file, and ends the process when that cannot be done: without a history there is no
  // test.
  explicit History(const std::string& path);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void Write(std::string_view event, nlohmann::json fields);
  // The same for something that failed, with its error.
  void WriteError(std::string_view event, nlohmann::json fields, const common::Error& error);

 private:
  int fd_;
  std::mutex mutex_;
};

}  // namespace quire::nemesis
