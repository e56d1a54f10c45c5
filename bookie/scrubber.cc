#include "bookie/scrubber.h"

#include <string>
#include <utility>

namespace quire::bookie {

using common::Result;

void Scrubber::Start() {
  if (enabled() && !stats_.running && options_.interval.count() > 0) Schedule(options_.first_wait);
}

void Scrubber::Schedule(common::Duration wait) {
  pacer_.Arm(wait, [this] { BeginPass(); });
}

void Scrubber::Trigger() {
  if (enabled() && !stats_.running && !stats_.paused) Schedule({});
}

void Scrubber::SetPaused(bool paused) {
  stats_.paused = paused;
  pacer_.SetPaused(paused);
}

ScrubStats Scrubber::stats() const {
  ScrubStats stats = stats_;
  if (stats.passes > 0) stats.since_pass = environment_.loop.Now() - pass_end_;
  return stats;
}

void Scrubber::BeginPass() {
  stats_.running = true;
  stats_.pass_bytes = environment_.segment_bytes();
  stats_.pass_done = 0;
  pass_findings_ = 0;
  pass_corrupt_ = 0;
  const auto now = static_cast<std::uint64_t>(environment_.loop.Now().time_since_epoch().count());
  pass_ = std::make_shared<ScrubPass>(*environment_.core, now);
  Step();
}

void Scrubber::Step() {
  options_.worker->Submit([this, &loop = environment_.loop, core = environment_.core, pass = pass_,
                           bytes = options_.step_bytes, keys = options_.step_keys,
                           alive = std::weak_ptr(alive_)] {
    if (core->stopped) return;
    loop.Post([this, alive, step = pass->Next(bytes, keys)]() mutable {
      if (!alive.expired()) Stepped(std::move(step));
    });
  });
}

void Scrubber::Stepped(Result<ScrubPass::Step> step) {
  if (!step) {
    options_.alarm("scrub: the index cannot be read: " + step.error().ToString() +
                   "; the pass ends, the next one tries again");
    ++stats_.corrupt;
    stats_.running = false;
    pass_.reset();
    if (options_.interval.count() > 0) Schedule(options_.interval);
    return;
  }
  stats_.bytes += step->bytes;
  stats_.pass_done += step->bytes;
  for (const ScrubFinding& finding : step->findings) Report(finding);
  if (step->done) return EndPass();
  pacer_.Continue(step->bytes, [this] { Step(); });
}

void Scrubber::Report(const ScrubFinding& finding) {
  ++(finding.unused ? stats_.unused : stats_.corrupt);
  pass_corrupt_ += finding.unused ? 0 : 1;
  if (++pass_findings_ > kLinesInOnePass) return;
  std::string line = "scrub: " + finding.file + " " + finding.what;
  if (finding.ledger) line += ", ledger " + std::to_string(finding.ledger->value());
  if (finding.entries) {
    line += ", entries " + std::to_string(finding.entries->first.value()) + " to " +
            std::to_string(finding.entries->second.value());
  }
  if (finding.unused)
    return options_.report(line + "; no entry is lost by that, but check the disk");
  options_.alarm(line +
                 ". They are answered with \"unknown\"; other bookies have copies. Check the "
                 "disk");
}

void Scrubber::EndPass() {
  ++stats_.passes;
  stats_.running = false;
  pass_end_ = environment_.loop.Now();
  pass_.reset();
  const std::string read = std::to_string(stats_.pass_done >> 20) + " MiB read, ";
  if (pass_corrupt_ == 0) {
    options_.report("scrub: done, " + read + "all entries are readable");
  } else {
    options_.alarm("scrub: done, " + read + std::to_string(pass_corrupt_) +
                   " places with damage, of which the first " + std::to_string(kLinesInOnePass) +
                   " are told above");
  }
  if (options_.interval.count() > 0) Schedule(options_.interval);
}

}  // namespace quire::bookie
