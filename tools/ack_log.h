#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "tools/standard_output.h"

namespace quire::tools {

// Writes the id of each acknowledged entry as a line to standard output, from a thread of its own:
// as soon as it is told, and all that came during one write with the next. A slow reader of the
// lines therefore holds up nobody, and costs no memory: acknowledged ids have no gaps.
class AckLog {
 public:
  explicit AckLog(StandardOutput& out);
  // Everything told is written before it returns, unless standard output is broken.
  ~AckLog();
  AckLog(const AckLog&) = delete;
  AckLog& operator=(const AckLog&) = delete;

  // All entries up to this one are acknowledged. One thread at a time; does not block on output.
  void Acknowledged(std::int64_t entry);

  bool broken();

 private:
  void Run();

  StandardOutput& out_;  // used by the thread alone until it has ended

  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  std::int64_t acknowledged_ = -1;
  bool stop_ = false;
  bool broken_ = false;

  std::thread thread_;
};

}  // namespace quire::tools
