#include "tools/bench_cluster.h"

#include <unistd.h>

#include "tools/console.h"

namespace quire::tools {

using common::Errc;
using common::Fail;
using common::Result;

Result<std::unique_ptr<BenchCluster>> BenchCluster::Open(std::string uri, Own own,
                                                         StopSignals& signals) {
  std::unique_ptr<BenchCluster> cluster(new BenchCluster(std::move(uri), std::move(own)));
  if (cluster->own_.bookies > 0) QUIRE_TRY(cluster->Start(signals));
  return cluster;
}

Result<void> BenchCluster::Start(StopSignals& signals) {
  if (directory_.path().empty()) {
    return Fail(Errc::kIo, "cannot make a temporary directory; set TMPDIR or --dir");
  }
  Say("starting ZooKeeper and " + std::to_string(own_.bookies) + " bookies in " +
      directory_.path());
  auto started = DevCluster::Start(
      {.directory = directory_.path(), .bookies = own_.bookies, .bookie_flags = own_.bookie_flags},
      signals);
  if (!started) return Fail(std::move(started).error());
  cluster_ = *std::move(started);
  uri_ = cluster_->uri();
  return {};
}

std::vector<NamedProcess> BenchCluster::Processes() const {
  std::vector<NamedProcess> processes{{.name = "client", .pid = ::getpid()}};
  if (!cluster_) return processes;
  for (std::size_t i = 0; i < cluster_->bookies().size(); ++i) {
    processes.push_back(
        {.name = "bookie-" + std::to_string(i + 1), .pid = cluster_->bookies()[i].process.pid()});
  }
  processes.push_back({.name = "zookeeper", .pid = cluster_->zookeeper_pid()});
  return processes;
}

Result<void> BenchCluster::Restart(StopSignals& signals) {
  if (!cluster_) return {};
  cluster_.reset();
  return Start(signals);
}

}  // namespace quire::tools
