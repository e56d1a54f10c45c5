#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "tools/dev_cluster.h"
#include "tools/process_usage.h"
#include "tools/stop_signals.h"
#include "tools/temporary_directory.h"

namespace quire::tools {

// The cluster that is measured: a running one, or one of its own on this machine, which goes with
// this object. Main thread.
class BenchCluster {
 public:
  struct Own {
    int bookies = 0;
    std::vector<std::string> bookie_flags;
    std::string parent;  // of its directory; empty: TMPDIR
  };
  // `uri`: of the running one; not used when `own` has bookies.
  static common::Result<std::unique_ptr<BenchCluster>> Open(std::string uri, Own own,
                                                            StopSignals& signals);

  const std::string& uri() const { return uri_; }
  bool own() const { return cluster_ != nullptr; }
  // This one, and the servers when they are our own.
  std::vector<NamedProcess> Processes() const;
  // Ends the servers and starts them again over their data, with nothing in their caches. Only an
  // own cluster; a running one is left alone.
  common::Result<void> Restart(StopSignals& signals);

 private:
  BenchCluster(std::string uri, Own own)
      : directory_(own.parent), uri_(std::move(uri)), own_(std::move(own)) {}
  common::Result<void> Start(StopSignals& signals);

  const TemporaryDirectory directory_;
  std::string uri_;
  const Own own_;
  std::unique_ptr<DevCluster> cluster_;
};

}  // namespace quire::tools
