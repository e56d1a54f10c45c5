#include "testing/local_cluster.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "bookie/daemon.h"
#include "bookie/loop_call.h"
#include "common/random.h"
#include "metadata/memory_store.h"
#include "metadata/memory_tree.h"
#include "metadata/registry.h"
#include "rpc/asio_loop.h"

namespace quire::testing {

using common::Fail;
using common::Result;
using metadata::MemoryStore;
using metadata::MemoryTree;

namespace {

// Small, so that a start writes little and a restart replays little.
bookie::DaemonOptions SmallBookie(const std::string& directory) {
  bookie::DaemonOptions options;
  options.directories = {directory};
  options.shard.journal.file_bytes = 1 << 20;
  options.shard.journal.spare_files = 1;
  options.shard.store.cache_bytes = 4 << 20;
  options.shard.max_journal_bytes = 16 << 20;
  options.shard.min_free_bytes = 64 << 20;
  options.shard.ballast_bytes = 0;
  options.reader_threads = 1;
  return options;
}

}  // namespace

class LocalCluster::Metadata {
 public:
  Result<void> Init() {
    rpc::AsioLoop loop("quire-init");
    auto store = NewStore(loop);
    common::Random random = common::SystemRandom();
    auto made = bookie::Await<Result<void>>(loop, [&](auto done) {
      metadata::InitCluster(*store, protocol::InstanceId::Make(random), 0, std::move(done));
    });
    bookie::RunOn(loop, [&] { store.reset(); });
    return made;
  }

  // A session of its own. On the loop's thread.
  std::unique_ptr<MemoryStore> NewStore(common::Loop& loop) const {
    return std::make_unique<MemoryStore>(loop, tree_);
  }

 private:
  const std::shared_ptr<MemoryTree> tree_ = std::make_shared<MemoryTree>();
};

class LocalCluster::Bookie {
 public:
  Bookie(const Metadata& metadata, std::string directory)
      : metadata_(metadata), directory_(std::move(directory)) {}
  ~Bookie() { Stop(); }
  Bookie(const Bookie&) = delete;
  Bookie& operator=(const Bookie&) = delete;

  Result<void> Start() {
    if (daemon_) return {};
    loop_ = std::make_unique<rpc::AsioLoop>("bookie");
    store_ = bookie::RunOn(*loop_, [this] { return metadata_.NewStore(*loop_); });
    auto daemon =
        bookie::BookieDaemon::Start(*loop_, *store_, SmallBookie(directory_), bookie::Log(), {});
    if (!daemon) {
      Stop();
      return Fail(std::move(daemon).error());
    }
    daemon_ = *std::move(daemon);
    id_ = daemon_->bookies().front();
    return {};
  }

  void Stop() {
    daemon_.reset();
    if (loop_) bookie::RunOn(*loop_, [this] { store_.reset(); });
    loop_.reset();
  }

  protocol::BookieId id() const { return id_; }
  std::string address() const { return daemon_ ? daemon_->address() : ""; }

 private:
  const Metadata& metadata_;
  const std::string directory_;
  protocol::BookieId id_;
  std::unique_ptr<rpc::AsioLoop> loop_;
  std::unique_ptr<MemoryStore> store_;  // on the loop
  std::unique_ptr<bookie::BookieDaemon> daemon_;
};

LocalCluster::LocalCluster() = default;

LocalCluster::~LocalCluster() {
  bookies_.clear();
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

Result<std::unique_ptr<LocalCluster>> LocalCluster::Start(const LocalClusterOptions& options) {
  std::unique_ptr<LocalCluster> cluster(new LocalCluster());
  std::string name = (std::filesystem::temp_directory_path() / "quire-local-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return common::FailErrno(errno, "create", name);
  cluster->directory_ = name;
  cluster->metadata_ = std::make_unique<Metadata>();
  QUIRE_TRY(cluster->metadata_->Init());
  for (int i = 0; i < options.bookies; ++i) {
    auto& bookie = cluster->bookies_.emplace_back(std::make_unique<Bookie>(
        *cluster->metadata_, cluster->directory_ + "/bookie-" + std::to_string(i)));
    QUIRE_TRY(bookie->Start());
  }
  return cluster;
}

Result<std::unique_ptr<client::Client>> LocalCluster::NewClient() {
  return client::Client::Connect(
      [this](common::Loop& loop) -> Result<std::unique_ptr<metadata::MetadataStore>> {
        return metadata_->NewStore(loop);
      });
}

void LocalCluster::StopBookie(std::size_t bookie) {
  bookies_.at(bookie)->Stop();
}

Result<void> LocalCluster::StartBookie(std::size_t bookie) {
  return bookies_.at(bookie)->Start();
}

protocol::BookieId LocalCluster::bookie_id(std::size_t bookie) const {
  return bookies_.at(bookie)->id();
}

std::string LocalCluster::bookie_address(std::size_t bookie) const {
  return bookies_.at(bookie)->address();
}

}  // namespace quire::testing
