#include "tests/simulation/fault_profile.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace quire::simulation {
namespace {

using common::Below;
using common::Duration;
using common::Random;
using std::chrono::microseconds;
using std::chrono::milliseconds;

bool Coin(Random& random) {
  return (random() >> 40 & 1) != 0;
}

// Off, or between a sixteenth of the most and the most, small rates as likely as large ones.
PerMillion Rate(Random& random, PerMillion most) {
  if (Coin(random)) return 0;
  const PerMillion top = most >> Below(random, 4);
  return static_cast<PerMillion>(top / 2 + Below(random, top / 2 + 1));
}

Duration Every(Random& random, Duration least) {
  if (Coin(random)) return Duration(0);
  return least * static_cast<std::int64_t>(1 + Below(random, 10));
}

void Append(std::string& line, std::string_view name, PerMillion rate) {
  if (rate == 0) return;
  line += ' ';
  line += name;
  line += '=' + std::to_string(rate) + "ppm";
}

void Append(std::string& line, std::string_view name, Duration duration) {
  if (duration == Duration(0)) return;
  line += ' ';
  line += name;
  line += '=' + std::to_string(duration / microseconds(1)) + "us";
}

}  // namespace

FaultProfile FaultProfile::Draw(Random& random) {
  FaultProfile p;
  p.name = "swarm";
  p.delay = microseconds(20 << Below(random, 8));
  p.reorder = Coin(random);
  p.drop = Rate(random, 100'000);
  p.duplicate = Rate(random, 100'000);
  p.late = Rate(random, 50'000);
  p.fence_lac_drop = Rate(random, 200'000);
  p.silent_death = Rate(random, 500'000);
  p.clog_every = Every(random, milliseconds(50));
  p.cut_every = Every(random, milliseconds(50));
  p.reset_every = Every(random, milliseconds(50));
  p.swizzle_every = Every(random, milliseconds(500));
  p.crash_every = Every(random, milliseconds(50));
  p.kill_every = Every(random, milliseconds(200));
  p.pause_every = Every(random, milliseconds(100));
  p.wipe_every = Every(random, milliseconds(300));
  p.limbo_every = Every(random, milliseconds(300));
  p.rot_every = Every(random, milliseconds(300));
  p.swap_every = Every(random, milliseconds(300));
  p.forge_every = Every(random, milliseconds(100));
  p.sync = microseconds(50 << Below(random, 10));
  p.disk_error_every = Every(random, milliseconds(200));
  p.disk_full_every = Every(random, milliseconds(300));
  p.metadata_delay = microseconds(200 << Below(random, 6));
  p.ambiguous = Rate(random, 300'000);
  p.unavailable = Rate(random, 100'000);
  p.late_watch = Rate(random, 300'000);
  p.outage_every = Every(random, milliseconds(500));
  p.expiry_every = Every(random, milliseconds(1000));
  return p;
}

FaultProfile FaultProfile::Focused(Random& random) {
  FaultProfile p;
  p.name = "focused";
  p.delay = microseconds(20 << Below(random, 4));
  p.reorder = true;
  p.late = 20'000;
  p.fence_lac_drop = 300'000;
  // Crashes break connections: what is under way for long has to have worlds without them.
  if (Coin(random)) p.crash_every = milliseconds(5 + static_cast<std::int64_t>(Below(random, 20)));
  if (Below(random, 4) == 0) {
    p.wipe_every = milliseconds(5 + static_cast<std::int64_t>(Below(random, 50)));
  }
  if (Below(random, 4) == 0) {
    p.limbo_every = milliseconds(5 + static_cast<std::int64_t>(Below(random, 50)));
  }
  p.sync = milliseconds(1 + static_cast<std::int64_t>(Below(random, 20)));
  p.ambiguous = Rate(random, 100'000);
  return p;
}

std::string FaultProfile::ToString() const {
  std::string line = name;
  Append(line, "delay", delay);
  if (reorder) line += " reorder";
  Append(line, "drop", drop);
  Append(line, "duplicate", duplicate);
  Append(line, "late", late);
  Append(line, "fence_lac_drop", fence_lac_drop);
  Append(line, "silent_death", silent_death);
  Append(line, "clog_every", clog_every);
  Append(line, "cut_every", cut_every);
  Append(line, "reset_every", reset_every);
  Append(line, "swizzle_every", swizzle_every);
  Append(line, "crash_every", crash_every);
  Append(line, "kill_every", kill_every);
  Append(line, "pause_every", pause_every);
  Append(line, "wipe_every", wipe_every);
  Append(line, "limbo_every", limbo_every);
  Append(line, "rot_every", rot_every);
  Append(line, "swap_every", swap_every);
  Append(line, "forge_every", forge_every);
  Append(line, "sync", sync);
  Append(line, "disk_error_every", disk_error_every);
  Append(line, "disk_full_every", disk_full_every);
  Append(line, "metadata_delay", metadata_delay);
  Append(line, "ambiguous", ambiguous);
  Append(line, "unavailable", unavailable);
  Append(line, "late_watch", late_watch);
  Append(line, "outage_every", outage_every);
  Append(line, "expiry_every", expiry_every);
  return line;
}

}  // namespace quire::simulation
