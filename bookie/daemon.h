#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bookie/daemon_options.h"
#include "bookie/http_pages.h"
#include "bookie/http_server.h"
#include "bookie/log.h"
#include "bookie/memory_budget.h"
#include "bookie/metrics_snapshot.h"
#include "common/error.h"
#include "metadata/metadata_store.h"
#include "protocol/uuid.h"
#include "rpc/asio_loop.h"

namespace quire::bookie {

// A bookie process in one object: shards, server, registrations and space collection on one loop.
// Used from one thread that is not the loop's, which blocks meanwhile.
class BookieDaemon {
 public:
  struct Events {
    // The last shard that still served has failed. On the loop, once.
    std::function<void()> all_failed = {};
    // Asked while Start waits for the metadata store or a registration: true gives up.
    std::function<bool()> interrupted = {};
    // It has come further. On the thread of Start and Stop.
    std::function<void(DaemonPhase)> phase = {};
    // Now and then while Start replays the journal of a directory. On the thread of Start.
    std::function<void(const std::string& directory, std::uint64_t records)> replaying = {};
  };

  // `loop` runs and `metadata` lives on it; both outlive the daemon. Opens every directory,
  // registers and serves them, in this order, after HTTP, which tells how far it is; any directory
  // that cannot be opened refuses the start with its name. kWrongInstance and kWrongBookie: see
  // Identity; kWrongBookie also when another daemon stays registered as one of the bookies for
  // longer than metadata_wait. kInvalidArgument: the memory or the open files that it may have are
  // too few. kMetadataUnavailable: not reached within metadata_wait. kShutdown: interrupted.
  static common::Result<std::unique_ptr<BookieDaemon>> Start(rpc::AsioLoop& loop,
                                                             metadata::MetadataStore& metadata,
                                                             DaemonOptions options, const Log& log,
                                                             Events events);
  // As a crash of the process would end it, unless stopped before.
  ~BookieDaemon();
  BookieDaemon(const BookieDaemon&) = delete;
  BookieDaemon& operator=(const BookieDaemon&) = delete;

  // Deregisters, stops serving, flushes. Once. The first error, if a shard could not flush: its
  // journal has everything.
  common::Result<void> Stop();

  const std::string& address() const { return address_; }  // advertised
  std::vector<protocol::BookieId> bookies() const;
  std::string http_address() const;  // HOST:PORT; empty: there is no HTTP
  // Another daemon has registered one of its bookies, which has failed for it. Any thread.
  bool displaced() const { return displaced_; }

 private:
  struct Service;

  BookieDaemon(rpc::AsioLoop& loop, metadata::MetadataStore& metadata, DaemonOptions options,
               const MemoryBudget& budget, const Log& log, Events events);
  void Enter(DaemonPhase phase);
  rpc::ServerOptions MakeServerOptions() const;
  common::Result<void> StartHttp();
  std::string PublishedHttp() const;
  DaemonSnapshot Snapshot() const;
  // Of the Compactor or the Scrubber that `of` gives; null: the directory has none.
  template <typename Worker>
  common::Result<DaemonSnapshot> Control(Worker* (Shard::*of)(), BackgroundCommand command,
                                         const char* resume);
  common::Result<DaemonSnapshot> Collect(CollectionCommand command);
  common::Result<void> OpenHomes(protocol::InstanceId instance);
  common::Result<void> Listen(protocol::InstanceId instance);
  common::Result<void> Register();
  void RegisteredElsewhere(std::size_t home, const std::string& address);
  void ModeChanged(std::size_t home);
  void CloseService();

  // Constant after construction.
  rpc::AsioLoop& loop_;
  metadata::MetadataStore& metadata_;
  const DaemonOptions options_;  // within the budget
  const MemoryBudget budget_;
  const Log log_;
  const Events events_;
  // Constant after Start.
  std::string address_;
  std::unique_ptr<const HttpPages> pages_;
  std::unique_ptr<HttpServer> http_;
  std::atomic<DaemonPhase> phase_ = DaemonPhase::kMetadata;
  std::atomic<bool> displaced_ = false;
  // Loop thread, but for Start and the destructor.
  std::unique_ptr<Service> service_;
};

}  // namespace quire::bookie
