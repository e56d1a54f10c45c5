#include "bookie/daemon.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "bookie/collector.h"
#include "bookie/compactor.h"
#include "bookie/descriptors.h"
#include "bookie/host_port.h"
#include "bookie/loop_call.h"
#include "bookie/metadata_cookies.h"
#include "bookie/metadata_session.h"
#include "bookie/registration_wait.h"
#include "bookie/scrubber.h"
#include "bookie/shard_home.h"
#include "bookie/shard_router.h"
#include "common/check.h"
#include "common/random.h"
#include "metadata/id_generator.h"
#include "metadata/ledger_store.h"
#include "metadata/registration.h"
#include "rpc/server.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::InstanceId;

namespace {

std::int64_t WallMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

// Goes from the end, on the loop; the homes are taken out before, because their threads are waited
// for.
struct BookieDaemon::Service {
  common::Random random = common::SystemRandom();
  std::optional<MetadataSession> session;
  std::vector<std::unique_ptr<ShardHome>> homes;
  std::optional<ShardRouter> router;
  std::optional<metadata::LedgerStore> ledgers;
  std::optional<metadata::IdGenerator> ids;
  std::shared_ptr<RegistrationWait> waiting;
  // One for each home; null when its shard has failed.
  std::vector<std::unique_ptr<metadata::Registration>> registrations;
  std::vector<std::unique_ptr<Collector>> collectors;
  std::optional<rpc::Server> server;
  // Set when all homes are open and the loop may look at them.
  protocol::InstanceId instance;
  bool serving = false;
};

BookieDaemon::BookieDaemon(rpc::AsioLoop& loop, metadata::MetadataStore& metadata,
                           DaemonOptions options, const MemoryBudget& budget, const Log& log,
                           Events events)
    : loop_(loop),
      metadata_(metadata),
      options_(std::move(options)),
      budget_(budget),
      log_(log),
      events_(std::move(events)),
      service_(std::make_unique<Service>()) {}

BookieDaemon::~BookieDaemon() {
  if (service_) CloseService();
}

Result<std::unique_ptr<BookieDaemon>> BookieDaemon::Start(rpc::AsioLoop& loop,
                                                          metadata::MetadataStore& metadata,
                                                          DaemonOptions options, const Log& log,
                                                          Events events) {
  QUIRE_CHECK(!loop.InLoopThread() && !options.directories.empty());
  const auto budget = MemoryBudget::Of(options.memory_bytes, options.directories.size());
  if (!budget) return Fail(budget.error());
  budget->Limit(options.shard);
  std::unique_ptr<BookieDaemon> daemon(
      new BookieDaemon(loop, metadata, std::move(options), *budget, log, std::move(events)));
  QUIRE_TRY(EnsureDescriptors(daemon->MakeServerOptions().max_connections + kDescriptorsOfProcess +
                              daemon->options_.directories.size() * kDescriptorsPerDirectory));
  QUIRE_TRY(daemon->StartHttp());
  daemon->Enter(DaemonPhase::kMetadata);
  RunOn(loop, [&] { daemon->service_->session.emplace(loop, metadata); });
  const auto instance = daemon->service_->session->AwaitInstance(daemon->options_.metadata_wait,
                                                                 daemon->events_.interrupted, log);
  if (!instance) return Fail(instance.error());
  daemon->Enter(DaemonPhase::kOpening);
  QUIRE_TRY(daemon->OpenHomes(*instance));
  daemon->Enter(DaemonPhase::kRegistering);
  QUIRE_TRY(daemon->Listen(*instance));
  QUIRE_TRY(daemon->Register());
  RunOn(loop, [&] { daemon->service_->server->Serve(); });
  daemon->Enter(DaemonPhase::kServing);
  return daemon;
}

void BookieDaemon::Enter(DaemonPhase phase) {
  phase_ = phase;
  if (events_.phase) events_.phase(phase);
}

rpc::ServerOptions BookieDaemon::MakeServerOptions() const {
  rpc::ServerOptions options{
      .address = options_.listen_host,
      .port = options_.listen_port,
      .max_connections = options_.max_connections,
      .stall_limit = options_.stall_limit,
      .report = [log = log_](const std::string& line) { log.Warning(line); }};
  budget_.Limit(options);
  return options;
}

// First of all, so that whoever watches the process can tell a long replay from a hanging one. The
// loop only copies numbers; what takes longer is done on the thread of HTTP.
Result<void> BookieDaemon::StartHttp() {
  if (!options_.http) return {};
  pages_ = std::make_unique<const HttpPages>(
      HttpPages::Daemon{
          .snapshot =
              [this](auto done) {
                loop_.Post([this, done = std::move(done)]() mutable { done(Snapshot()); });
              },
          .control =
              [this](BackgroundWork work, BackgroundCommand command, auto done) {
                loop_.Post([this, work, command, done = std::move(done)]() mutable {
                  done(work == BackgroundWork::kScrub
                           ? Control(&Shard::scrubber, command, "/scrub/resume")
                           : Control(&Shard::compactor, command, "/compaction/resume"));
                });
              },
          .collection =
              [this](CollectionCommand command, auto done) {
                loop_.Post(
                    [this, command, done = std::move(done)]() mutable { done(Collect(command)); });
              },
          .log = options_.log},
      options_.http->control_from_anywhere);
  auto server = HttpServer::Start(
      {.host = options_.http->host, .port = options_.http->port},
      [this](const HttpRequest& request, auto done) { pages_->Handle(request, std::move(done)); });
  if (!server) return Fail(std::move(server).error());
  http_ = *std::move(server);
  log_.Info("HTTP at " + http_address());
  return {};
}

std::string BookieDaemon::http_address() const {
  return http_ ? options_.http->host + ":" + std::to_string(http_->port()) : std::string();
}

// For the metadata store: an address to connect to, if other machines can.
std::string BookieDaemon::PublishedHttp() const {
  if (!http_) return {};
  if (!IsAnyAddress(options_.http->host)) return http_address();
  return options_.advertised_host() + ":" + std::to_string(http_->port());
}

DaemonSnapshot BookieDaemon::Snapshot() const {
  DaemonSnapshot snapshot;
  snapshot.phase = phase_;
  snapshot.directories = options_.directories;
  if (options_.log != nullptr) snapshot.log = options_.log->stats();
  snapshot.memory_bytes = budget_.total;
  if (service_ && service_->session) snapshot.session = service_->session->stats();
  if (!service_ || !service_->serving) return snapshot;
  const Service& service = *service_;
  snapshot.address = address_;
  snapshot.instance = service.instance;
  snapshot.server = service.server->stats();
  for (std::size_t i = 0; i < service.homes.size(); ++i) {
    snapshot.shards.push_back(service.homes[i]->shard().Snapshot());
    if (i < service.registrations.size() && service.registrations[i] != nullptr) {
      snapshot.shards.back().registered = service.registrations[i]->registered();
      snapshot.shards.back().registrations = service.registrations[i]->created();
    }
    if (i < service.collectors.size() && service.collectors[i] != nullptr) {
      snapshot.shards.back().collection = service.collectors[i]->stats();
    }
  }
  snapshot.memory = budget_.Uses(snapshot.server, snapshot.shards);
  return snapshot;
}

template <typename Worker>
Result<DaemonSnapshot> BookieDaemon::Control(Worker* (Shard::*of)(), BackgroundCommand command,
                                             const char* resume) {
  std::vector<Worker*> workers;
  if (service_ && service_->serving) {
    for (const auto& home : service_->homes) {
      if (Worker* worker = (home->shard().*of)()) workers.push_back(worker);
    }
  }
  if (workers.empty()) return Fail(Errc::kBusy, "no directory is there that could");
  for (Worker* worker : workers) {
    if (command != BackgroundCommand::kRun) {
      worker->SetPaused(command == BackgroundCommand::kPause);
    } else if (worker->stats().paused) {
      return Fail(Errc::kBusy, std::string("it is paused; POST ") + resume + " first");
    } else {
      worker->Trigger();
    }
  }
  return Snapshot();
}

Result<DaemonSnapshot> BookieDaemon::Collect(CollectionCommand command) {
  if (!service_) return Snapshot();
  const bool consent = command == CollectionCommand::kConsent;
  std::size_t consented = 0;
  for (const auto& collector : service_->collectors) {
    if (!collector) continue;  // its directory has failed
    consented += consent ? collector->Consent() : 0;
    if (!consent) collector->Trigger();
  }
  if (!consent || consented > 0) return Snapshot();
  return Fail(Errc::kBusy,
              "no ledger is held back: consent is given to those that /status shows as held_back, "
              "and to no others");
}

Result<void> BookieDaemon::OpenHomes(InstanceId instance) {
  const CookieRegistry registry = MetadataCookies(loop_, metadata_, WallMs, log_);
  const auto new_ledger_id = [this] {
    return Await<Result<protocol::LedgerId>>(
        loop_, [this](auto done) { service_->ids->Next(std::move(done)); });
  };
  RunOn(loop_, [this] { service_->ids.emplace(loop_, metadata_); });
  for (std::size_t i = 0; i < options_.directories.size(); ++i) {
    ShardOptions shard_options = options_.shard;
    shard_options.replaying = [this, i](std::uint64_t records) {
      if (events_.replaying) events_.replaying(options_.directories[i], records);
    };
    auto home = ShardHome::Open(
        loop_,
        {.directory = options_.directories[i],
         .host = options_.advertised_host(),
         .instance = instance,
         .now_ms = WallMs(),
         .rejoin = std::ranges::count(options_.rejoin, options_.directories[i]) > 0,
         .options = std::move(shard_options),
         .reader_threads = options_.reader_threads,
         .storage = options_.storage,
         .new_ledger_id = new_ledger_id},
        registry, service_->random, log_, {.mode = [this, i](ShardMode) { ModeChanged(i); }});
    if (!home) return Fail(std::move(home).error());
    service_->homes.push_back(std::move(*home));
  }
  return {};
}

Result<void> BookieDaemon::Listen(InstanceId instance) {
  return RunOn(loop_, [this, instance]() -> Result<void> {
    Service& service = *service_;
    service.router.emplace(instance);
    service.ledgers.emplace(loop_, metadata_, service.random);
    for (const auto& home : service.homes) service.router->Add(home->shard());
    service.server.emplace(loop_, *service.router, MakeServerOptions());
    const auto port = service.server->Listen();
    if (!port) return Fail(port.error());
    const auto advertised_port = options_.advertise_port == 0 ? *port : options_.advertise_port;
    address_ = options_.advertised_host() + ":" + std::to_string(advertised_port);
    service.instance = instance;
    service.serving = true;
    service.waiting = std::make_shared<RegistrationWait>(service.homes.size());
    for (std::size_t i = 0; i < service.homes.size(); ++i) {
      const auto& home = service.homes[i];
      Shard& shard = home->shard();
      shard.Start();
      service.registrations.push_back(std::make_unique<metadata::Registration>(
          loop_, metadata_,
          metadata::BookieInfo{.bookie = shard.bookie(),
                               .address = address_,
                               .writable = shard.mode() == ShardMode::kWritable,
                               .http = PublishedHttp()},
          [this, i](const std::string& address) { RegisteredElsewhere(i, address); }));
      service.collectors.push_back(
          std::make_unique<Collector>(Collector::Environment{.loop = loop_,
                                                             .shard = shard,
                                                             .metadata = metadata_,
                                                             .ledgers = *service.ledgers,
                                                             .instance = instance,
                                                             .wall_ms = WallMs,
                                                             .log = home->log()},
                                      options_.collector));
      service.collectors.back()->Start();
    }
    return {};
  });
}

// Whoever connects meanwhile waits: a copy of a bookie that runs must not answer those who know its
// address of old.
Result<void> BookieDaemon::Register() {
  loop_.Post([this] {
    for (const auto& registration : service_->registrations) {
      const auto done = [waiting = service_->waiting](const Result<void>& outcome) {
        waiting->Done(outcome);
      };
      if (registration) {
        registration->Start(done);
      } else {
        done(Fail(Errc::kIo, "a directory failed during the start"));
      }
    }
  });
  return service_->waiting->Await(options_.metadata_wait, events_.interrupted);
}

// During the start that may be a daemon that has died, whose session will end. Later it is one that
// runs, with a copy of the directory or with the directory itself: it may have fenced what is not
// fenced here, and what is acknowledged here would be lost.
void BookieDaemon::RegisteredElsewhere(std::size_t home, const std::string& address) {
  ShardHome& own = *service_->homes[home];
  if (!service_->registrations[home]->started()) {
    own.log().Warning("another daemon is registered as this bookie, at " + address +
                      ": waiting until it is gone, or the session of a dead one has ended");
    return service_->waiting->Elsewhere(options_.directories[home] + ": bookie " +
                                        ToHex(own.cookie().bookie) +
                                        " is registered by another daemon, at " + address);
  }
  displaced_ = true;
  own.shard().Fail(common::Error(Errc::kWrongBookie, "this bookie is registered at " + address),
                   "another daemon has registered this bookie, at " + address,
                   "find out which of the two has the right directory, end the other one for good, "
                   "and start the right one");
}

// In a turn of its own: the shard is in the middle of whatever changed its mode.
void BookieDaemon::ModeChanged(std::size_t home) {
  loop_.Post([this, home] {
    if (!service_ || home >= service_->registrations.size()) return;
    auto& registration = service_->registrations[home];
    const ShardMode mode = service_->homes[home]->shard().mode();
    if (!registration) return;
    if (mode != ShardMode::kFailed) return registration->SetWritable(mode == ShardMode::kWritable);
    registration.reset();
    service_->collectors[home].reset();
    const bool all = std::ranges::none_of(service_->registrations,
                                          [](const auto& other) { return other != nullptr; });
    if (all && events_.all_failed) events_.all_failed();
  });
}

Result<void> BookieDaemon::Stop() {
  QUIRE_CHECK(service_ != nullptr);
  Enter(DaemonPhase::kStopping);
  RunOn(loop_, [this] {
    service_->registrations.clear();
    service_->collectors.clear();
    service_->server->Stop();
  });
  Result<void> first;
  for (const auto& home : service_->homes) {
    auto outcome =
        Await<Result<void>>(loop_, [&home](auto done) { home->shard().Stop(std::move(done)); });
    if (!outcome) {
      home->log().Error("stopped without a flush (" + outcome.error().ToString() +
                        "); the next start reads the journal");
      if (first) first = std::move(outcome);
    }
  }
  CloseService();
  return first;
}

void BookieDaemon::CloseService() {
  if (http_) http_->Stop();  // what it has asked of the loop runs before the next task
  auto homes = RunOn(loop_, [this] {
    service_->server.reset();
    service_->registrations.clear();
    service_->collectors.clear();
    service_->ledgers.reset();
    service_->router.reset();
    for (const auto& home : service_->homes) home->CloseShard();
    auto closed = std::move(service_->homes);
    service_.reset();
    return closed;
  });
  http_.reset();
  homes.clear();  // waits for their threads, off the loop
}

std::vector<protocol::BookieId> BookieDaemon::bookies() const {
  std::vector<protocol::BookieId> ids;
  for (const auto& home : service_->homes) ids.push_back(home->cookie().bookie);
  return ids;
}

}  // namespace quire::bookie
