#include "bookie/service_notifier.h"

#include <systemd/sd-daemon.h>

#include "bookie/status_report.h"

namespace quire::bookie {
namespace {

constexpr std::chrono::seconds kBetweenLines(1);
// More than any step takes that says nothing: to open the index, to read a journal file.
constexpr std::chrono::microseconds kMoreTime = std::chrono::seconds(60);

void Send(const std::string& state) {
  sd_notify(0, state.c_str());
}

std::string MoreTime() {
  return "\nEXTEND_TIMEOUT_USEC=" + std::to_string(kMoreTime.count());
}

}  // namespace

void ServiceNotifier::PhaseChanged(DaemonPhase phase) {
  std::string state = "STATUS=" + std::string(PhaseName(phase));
  if (phase == DaemonPhase::kOpening) state += MoreTime();
  if (phase == DaemonPhase::kServing) state += "\nREADY=1";
  if (phase == DaemonPhase::kStopping) state += "\nSTOPPING=1";
  Send(state);
}

void ServiceNotifier::Replaying(const std::string& directory, std::uint64_t records) {
  const auto now = std::chrono::steady_clock::now();
  if (now - told_ < kBetweenLines) return;
  told_ = now;
  Send("STATUS=" + directory + ": " + std::to_string(records) + " records of the journal replayed" +
       MoreTime());
}

}  // namespace quire::bookie
