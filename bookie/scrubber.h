#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "bookie/pacer.h"
#include "bookie/scrub_options.h"
#include "bookie/scrub_pass.h"
#include "bookie/store_core.h"
#include "common/error.h"
#include "common/loop.h"

namespace quire::bookie {

// Looks for what the disk has changed, before a reader needs it: at a limited rate, again and
// again, and says what it finds. It mends nothing; other bookies have copies. A pass that a restart
// cuts short begins anew, at another segment. Loop thread; what blocks runs on the worker, in steps
// short enough for others to share it.
class Scrubber {
 public:
  struct Environment {
    common::Loop& loop;
    std::shared_ptr<StoreCore> core;
    std::function<std::uint64_t()> segment_bytes;  // of all segment files
  };

  Scrubber(Environment environment, ScrubOptions options)
      : environment_(std::move(environment)),
        options_(std::move(options)),
        pacer_(environment_.loop, options_.bytes_per_second) {}
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;

  // Passes begin by themselves from now on.
  void Start();
  // A pass begins at once, unless one is under way or all is paused.
  void Trigger();
  // A step that is under way ends; the next one waits for SetPaused(false).
  void SetPaused(bool paused);
  ScrubStats stats() const;

 private:
  static constexpr std::uint64_t kLinesInOnePass = 20;

  bool enabled() const { return options_.worker != nullptr && options_.bytes_per_second > 0; }
  void Schedule(common::Duration wait);
  void BeginPass();
  void Step();
  void Stepped(common::Result<ScrubPass::Step> step);
  void Report(const ScrubFinding& finding);
  void EndPass();

  const Environment environment_;
  const ScrubOptions options_;

  // Loop thread.
  Pacer pacer_;
  ScrubStats stats_;
  common::TimePoint pass_end_{};  // of the last complete one
  std::shared_ptr<ScrubPass> pass_;
  std::uint64_t pass_findings_ = 0;
  std::uint64_t pass_corrupt_ = 0;
  // Gone when the store is.
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace quire::bookie
