#pragma once

#include <chrono>
#include <memory>

#include "bookie/log.h"

namespace quire::bookie {

// The log of the process: lines at or above a level to standard error, as text or as a JSON object
// each.
//
// Whoever logs never waits for standard error: a pipe that nobody reads, or a log file on a disk
// that hangs, must not stop the loop that serves entries. Lines wait for a thread of their own;
// when 1024 wait, the oldest is lost for a new one, and counted. A process that is killed loses the
// lines of its last moment. Any thread.
class StderrLog {
 public:
  // `file`: a descriptor, for tests another one.
  StderrLog(LogLevel level, LogFormat format, int file = 2);
  // Waits a second for lines that still wait to be written, then gives them up.
  ~StderrLog();
  StderrLog(const StderrLog&) = delete;
  StderrLog& operator=(const StderrLog&) = delete;

  LogSink sink() const;  // may outlive this object, into nothing

  // False: after this time there were still lines to write.
  bool Drain(std::chrono::milliseconds at_most) const;

  void SetLevel(LogLevel level);
  LogLevel level() const;

  LogStats stats() const;

 private:
  struct Parts;
  const std::shared_ptr<Parts> parts_;
};

}  // namespace quire::bookie
