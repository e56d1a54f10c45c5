#pragma once

#include <optional>

#include "common/error.h"
#include "tools/bench_meter.h"

namespace quire::tools {

// Something that keeps a cluster busy from Begin to End. Main thread, except the meter.
class Load {
 public:
  virtual ~Load() = default;

  virtual void Begin() = 0;
  // True once it has failed; it then does no more.
  virtual bool failed() const = 0;
  // Begins nothing more, waits for what is under way. The first error, if there was one.
  virtual std::optional<common::Error> End() = 0;

  Meter& meter() { return meter_; }

 private:
  Meter meter_;
};

}  // namespace quire::tools
