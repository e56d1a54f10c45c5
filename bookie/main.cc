#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "bookie/config.h"
#include "bookie/daemon.h"
#include "bookie/log_stderr.h"
#include "bookie/loop_call.h"
#include "bookie/service_notifier.h"
#include "metadata/zookeeper_store.h"
#include "rpc/asio_loop.h"

namespace {

using quire::bookie::BookieDaemon;
using quire::bookie::ExitCode;
using quire::common::Errc;

constexpr std::chrono::seconds kBeforeReady(1);

int Exit(ExitCode code) {
  return static_cast<int>(code);
}

// The signals that end a bookie cleanly. Blocked in every thread and taken by the main one.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  void Wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
  }
  bool Came() const {
    const timespec now{};
    return sigtimedwait(&set_, nullptr, &now) > 0;
  }

 private:
  sigset_t set_{};
};

ExitCode CodeOf(const quire::common::Error& error) {
  switch (error.code()) {
    case Errc::kWrongInstance:
    case Errc::kWrongBookie: return ExitCode::kWrongIdentity;
    case Errc::kInvalidArgument: return ExitCode::kUsage;
    case Errc::kShutdown: return ExitCode::kClean;
    default: return ExitCode::kFailure;
  }
}

ExitCode Refuse(const quire::bookie::Log& log, const quire::common::Error& error) {
  // The context of a refusal is written for a person; the code's meaning adds nothing to it.
  const bool told = CodeOf(error) == ExitCode::kWrongIdentity && !error.context().empty();
  log.Error("not started: " + (told ? error.context() : error.ToString()));
  return CodeOf(error);
}

ExitCode Serve(quire::bookie::Config config, const StopSignals& signals) {
  quire::bookie::StderrLog log_file(config.log_level, config.log_format);
  const quire::bookie::Log log(log_file.sink());
  config.daemon.log = &log_file;
  quire::rpc::AsioLoop loop("bookie");
  auto metadata = quire::bookie::RunOn(
      loop, [&] { return quire::metadata::ZookeeperStore::Open(loop, config.metadata); });
  if (!metadata) return Refuse(log, metadata.error());
  const auto close_metadata = [&] { quire::bookie::RunOn(loop, [&] { metadata->reset(); }); };

  quire::bookie::ServiceNotifier service_manager;
  std::atomic<bool> failed = false;
  auto daemon = BookieDaemon::Start(
      loop, **metadata, config.daemon, log,
      {.all_failed =
           [&failed] {
             failed = true;
             kill(getpid(), SIGTERM);
           },
       .interrupted = [&signals] { return signals.Came(); },
       .phase = [&service_manager](
                    quire::bookie::DaemonPhase phase) { service_manager.PhaseChanged(phase); },
       .replaying = [&service_manager](
                        const std::string& directory,
                        std::uint64_t records) { service_manager.Replaying(directory, records); }});
  if (!daemon) {
    close_metadata();
    const ExitCode refused = Refuse(log, daemon.error());
    return failed ? ExitCode::kFailure : refused;
  }
  std::string bookies;
  for (const auto& id : (*daemon)->bookies()) bookies += (bookies.empty() ? "" : ",") + ToHex(id);
  const std::string http = (*daemon)->http_address();
  log_file.Drain(kBeforeReady);  // whoever reads the line finds in the log what came before it
  std::printf("bookie ready: address=%s bookies=%s%s\n", (*daemon)->address().c_str(),
              bookies.c_str(), http.empty() ? "" : (" http=" + http).c_str());
  std::fflush(stdout);

  signals.Wait();
  log.Info("stopping");
  const auto stopped = (*daemon)->Stop();
  const bool displaced = (*daemon)->displaced();
  daemon->reset();
  close_metadata();
  if (failed) log.Error("every bookie of this process has failed; see above");
  if (failed && displaced) return ExitCode::kWrongIdentity;
  return failed || !stopped ? ExitCode::kFailure : ExitCode::kClean;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that went away is an error of its connection
  const auto config = quire::bookie::ParseConfig(argc, argv);
  if (!config) {
    std::string text = config.error().text;
    if (!text.ends_with('\n')) text += '\n';
    std::fputs(text.c_str(), config.error().code == ExitCode::kClean ? stdout : stderr);
    return Exit(config.error().code);
  }
  const StopSignals signals;
  return Exit(Serve(*config, signals));
}
