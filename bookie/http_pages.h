#pragma once

#include <functional>
#include <optional>

#include "bookie/http_message.h"
#include "bookie/log_stderr.h"
#include "bookie/metrics_process.h"
#include "bookie/metrics_snapshot.h"
#include "common/error.h"
#include "common/loop.h"

namespace quire::bookie {

// What an operator may ask of what all directories do in the background.
enum class BackgroundWork { kCompaction, kScrub };
enum class BackgroundCommand { kRun, kPause, kResume };

// And of their space collection.
enum class CollectionCommand { kRun, kConsent };

// Which URL does what. GET /metrics, /livez, /readyz, /status, /log; POST /compaction/run, /pause
// and /resume, /scrub/ the same, /collection/run and /consent, and /log?level=LEVEL, which is for
// clients on this machine only unless
// `control_from_anywhere`, and not for pages in a browser. Server's thread.
class HttpPages {
 public:
  // The daemon as the pages see it. Called on the server's thread; each answers at most once, from
  // any thread.
  struct Daemon {
    std::function<void(common::Callback<DaemonSnapshot>)> snapshot;
    // With the state after it. An error refuses it, with the reason.
    std::function<void(BackgroundWork, BackgroundCommand,
                       common::Callback<common::Result<DaemonSnapshot>>)>
        control;
    std::function<void(CollectionCommand, common::Callback<common::Result<DaemonSnapshot>>)>
        collection;
    StderrLog* log = nullptr;  // outlives the pages; null: the level cannot be changed
  };

  HttpPages(Daemon daemon, bool control_from_anywhere)
      : daemon_(std::move(daemon)), control_from_anywhere_(control_from_anywhere) {}

  void Handle(const HttpRequest& request, common::Callback<HttpAnswer> done) const;

 private:
  using Page = HttpResponse (*)(const DaemonSnapshot&, const ProcessFacts&);

  void Show(Page page, common::Callback<HttpAnswer> done) const;
  // Why the client may not POST, if so.
  std::optional<HttpResponse> Forbids(const HttpRequest& request) const;
  void Control(const HttpRequest& request, BackgroundWork work, BackgroundCommand command,
               common::Callback<HttpAnswer> done) const;
  void Collection(const HttpRequest& request, CollectionCommand command,
                  common::Callback<HttpAnswer> done) const;
  // Answers with the state that it gets, or with what refused it.
  common::Callback<common::Result<DaemonSnapshot>> Told(common::Callback<HttpAnswer> done) const;
  HttpResponse LogLevels(const HttpRequest& request) const;

  const Daemon daemon_;
  const bool control_from_anywhere_;
  const ProcessFacts process_;
};

}  // namespace quire::bookie
