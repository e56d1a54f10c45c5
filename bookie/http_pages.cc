#include "bookie/http_pages.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bookie/metrics_page.h"
#include "bookie/status_report.h"

namespace quire::bookie {
namespace {

constexpr std::string_view kIndex =
    "GET  /metrics            numbers in the Prometheus text format\n"
    "GET  /livez              200 while the process lives and its loop turns\n"
    "GET  /readyz             200 while it is registered and takes entries; else 503 and why\n"
    "GET  /status             all that is known, as JSON\n"
    "GET  /log                the level of the log\n"
    "POST /log?level=LEVEL    changes it: debug, info, warning or error\n"
    "POST /compaction/run     begins a round of compaction now\n"
    "POST /compaction/pause   stops copying until it is resumed\n"
    "POST /compaction/resume  goes on\n"
    "POST /scrub/run          begins to read and verify everything now\n"
    "POST /scrub/pause        stops reading until it is resumed\n"
    "POST /scrub/resume       goes on\n"
    "POST /collection/run     looks for deleted ledgers now\n"
    "POST /collection/consent lets the ledgers go that space collection holds back\n";

HttpResponse Text(unsigned status, std::string body) {
  return {.status = status, .body = std::move(body)};
}

void Say(HttpResponse response, common::Callback<HttpAnswer> done) {
  done([response = std::move(response)]() mutable { return std::move(response); });
}

HttpResponse Metrics(const DaemonSnapshot& daemon, const ProcessFacts& process) {
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = MetricsPage(daemon, process)};
}

HttpResponse Status(const DaemonSnapshot& daemon, const ProcessFacts& process) {
  return {.content_type = "application/json", .body = StatusReport(daemon, process)};
}

// That there is a snapshot says it: the loop has made it.
HttpResponse Live(const DaemonSnapshot& /*daemon*/, const ProcessFacts& /*process*/) {
  return Text(200, "alive\n");
}

HttpResponse Ready(const DaemonSnapshot& daemon, const ProcessFacts& /*process*/) {
  const auto reasons = WhyNotReady(daemon);
  if (reasons.empty()) return Text(200, "ready\n");
  std::string body = "not ready\n";
  for (const std::string& reason : reasons) body += reason + "\n";
  return Text(503, std::move(body));
}

HttpResponse Index(const DaemonSnapshot& /*daemon*/, const ProcessFacts& /*process*/) {
  return Text(200, std::string(kIndex));
}

HttpResponse NotAllowed(std::string_view method) {
  HttpResponse response = Text(405, "only " + std::string(method) + " here\n");
  response.allow = method;
  return response;
}

std::optional<LogLevel> LevelIn(std::string_view target) {
  const auto query = target.find('?');
  if (query == std::string_view::npos) return std::nullopt;
  for (const auto& [name, level] : kLogLevels) {
    if (target.substr(query + 1) == "level=" + std::string(name)) return level;
  }
  return std::nullopt;
}

std::string_view NameOf(LogLevel level) {
  for (const auto& [name, known] : kLogLevels) {
    if (known == level) return name;
  }
  return {};
}

std::optional<BackgroundCommand> CommandOf(std::string_view path, std::string_view work) {
  if (!path.starts_with(work)) return std::nullopt;
  path.remove_prefix(work.size());
  if (path == "/run") return BackgroundCommand::kRun;
  if (path == "/pause") return BackgroundCommand::kPause;
  if (path == "/resume") return BackgroundCommand::kResume;
  return std::nullopt;
}

std::optional<CollectionCommand> CollectionCommandOf(std::string_view path) {
  if (path == "/collection/run") return CollectionCommand::kRun;
  if (path == "/collection/consent") return CollectionCommand::kConsent;
  return std::nullopt;
}

}  // namespace

void HttpPages::Handle(const HttpRequest& request, common::Callback<HttpAnswer> done) const {
  static constexpr std::pair<std::string_view, Page> kPages[] = {{"/metrics", Metrics},
                                                                 {"/livez", Live},
                                                                 {"/readyz", Ready},
                                                                 {"/status", Status},
                                                                 {"/", Index}};
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/log") return Say(LogLevels(request), std::move(done));
  static constexpr std::pair<std::string_view, BackgroundWork> kWorks[] = {
      {"/compaction", BackgroundWork::kCompaction}, {"/scrub", BackgroundWork::kScrub}};
  for (const auto& [at, work] : kWorks) {
    const auto command = CommandOf(path, at);
    if (command) return Control(request, work, *command, std::move(done));
  }
  if (const auto command = CollectionCommandOf(path)) {
    return Collection(request, *command, std::move(done));
  }
  for (const auto& [at, page] : kPages) {
    if (path != at) continue;
    if (request.method != "GET") return Say(NotAllowed("GET"), std::move(done));
    return Show(page, std::move(done));
  }
  Say(Text(404, "nothing here; there is:\n" + std::string(kIndex)), std::move(done));
}

void HttpPages::Show(Page page, common::Callback<HttpAnswer> done) const {
  daemon_.snapshot([this, page, done = std::move(done)](DaemonSnapshot daemon) mutable {
    done([this, page, daemon = std::move(daemon)] { return page(daemon, process_); });
  });
}

std::optional<HttpResponse> HttpPages::Forbids(const HttpRequest& request) const {
  if (!request.loopback && !control_from_anywhere_) {
    return Text(403, "from this machine only; --http-control allows it to all\n");
  }
  if (request.browser) return Text(403, "not for pages in a browser\n");
  return std::nullopt;
}

HttpResponse HttpPages::LogLevels(const HttpRequest& request) const {
  if (daemon_.log == nullptr) return Text(404, "this log has no level to change\n");
  if (request.method == "POST") {
    if (auto forbidden = Forbids(request)) return *std::move(forbidden);
    const auto level = LevelIn(request.target);
    if (!level) return Text(400, "POST /log?level=debug, info, warning or error\n");
    daemon_.log->SetLevel(*level);
  } else if (request.method != "GET") {
    return NotAllowed("GET, POST");
  }
  return Text(200, "level=" + std::string(NameOf(daemon_.log->level())) + "\n");
}

void HttpPages::Control(const HttpRequest& request, BackgroundWork work, BackgroundCommand command,
                        common::Callback<HttpAnswer> done) const {
  if (request.method != "POST") return Say(NotAllowed("POST"), std::move(done));
  if (auto forbidden = Forbids(request)) return Say(*std::move(forbidden), std::move(done));
  daemon_.control(work, command, Told(std::move(done)));
}

void HttpPages::Collection(const HttpRequest& request, CollectionCommand command,
                           common::Callback<HttpAnswer> done) const {
  if (request.method != "POST") return Say(NotAllowed("POST"), std::move(done));
  if (auto forbidden = Forbids(request)) return Say(*std::move(forbidden), std::move(done));
  daemon_.collection(command, Told(std::move(done)));
}

common::Callback<common::Result<DaemonSnapshot>> HttpPages::Told(
    common::Callback<HttpAnswer> done) const {
  return [this, done = std::move(done)](common::Result<DaemonSnapshot> outcome) mutable {
    if (!outcome) return Say(Text(409, outcome.error().context() + "\n"), std::move(done));
    done([this, daemon = *std::move(outcome)] { return Status(daemon, process_); });
  };
}

}  // namespace quire::bookie
