#include <rocksdb/env.h>

#include <utility>

#include "bookie/shard.h"
#include "bookie/shard_router.h"
#include "tests/simulation/bookie_node.h"
#include "tests/simulation/sim_worker.h"
#include "tests/support/sim_disk.h"

namespace quire::simulation {
namespace {

// Small enough that files roll and the cache is flushed within a history.
bookie::ShardOptions SmallOptions(rocksdb::Env& env) {
  bookie::ShardOptions options;
  options.journal.file_bytes = 64 << 10;
  options.journal.spare_files = 1;
  options.store.cache_bytes = 16 << 10;
  options.store.index_path = "/index";
  options.store.index_env = &env;
  options.max_journal_bytes = 256 << 10;
  options.min_free_bytes = 0;
  return options;
}

class FullNode final : public BookieNode {
 public:
  FullNode(Environment environment, int index, protocol::BookieId id)
      : BookieNode(environment, index, id),
        disk_("/b" + std::to_string(index)),
        index_env_(rocksdb::NewMemEnv(rocksdb::Env::Default())) {}
  ~FullNode() override { Crash(); }

 protected:
  rpc::BookieHandler* Open(SimLoop& process, std::string& failure) override {
    const common::Duration sync = environment_.network.profile().sync;
    journal_worker_ = std::make_unique<SimWorker>(process, sync);
    flush_worker_ = std::make_unique<SimWorker>(process, 10 * sync);
    reader_ = std::make_unique<SimWorker>(process, sync);
    shard_ = std::make_unique<bookie::Shard>(
        process, id_,
        bookie::ShardResources{.journal_disk = disk_,
                               .store_disk = disk_,
                               .journal_worker = *journal_worker_,
                               .flush_worker = *flush_worker_,
                               .readers = {reader_.get()}},
        SmallOptions(*index_env_), bookie::Log(), bookie::Shard::Events{});
    if (auto opened = shard_->Open(bookie::RealStorage()); !opened) {
      failure = opened.error().ToString();
      return nullptr;
    }
    shard_->Start();
    router_ = std::make_unique<bookie::ShardRouter>(protocol::InstanceId{});
    router_->Add(*shard_);
    return router_.get();
  }
  void Close() override {
    router_.reset();
    shard_.reset();
    reader_.reset();
    flush_worker_.reset();
    journal_worker_.reset();
  }
  void LosePower(common::Random& random) override { disk_.Crash(random); }

 private:
  testing::SimDisk disk_;
  const std::unique_ptr<rocksdb::Env> index_env_;
  // Of the running process.
  std::unique_ptr<SimWorker> journal_worker_;
  std::unique_ptr<SimWorker> flush_worker_;
  std::unique_ptr<SimWorker> reader_;
  std::unique_ptr<bookie::Shard> shard_;
  std::unique_ptr<bookie::ShardRouter> router_;
};

}  // namespace

std::unique_ptr<BookieNode> MakeFullNode(Environment environment, int index,
                                         protocol::BookieId id) {
  return std::make_unique<FullNode>(environment, index, id);
}

}  // namespace quire::simulation
