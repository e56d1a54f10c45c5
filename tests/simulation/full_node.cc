#include <rocksdb/env.h>

#include <utility>

#include "bookie/shard.h"
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

// One shard as a daemon's handler.
class ShardHandler final : public rpc::BookieHandler {
 public:
  explicit ShardHandler(bookie::Shard& shard) : shard_(shard) {}

  void Add(protocol::BookieId bookie, std::span<const protocol::Add> adds,
           common::Callback<std::vector<protocol::Code>> done) override {
    if (bookie == shard_.bookie()) return shard_.Add(adds, std::move(done));
    done(std::vector<protocol::Code>(adds.size(), protocol::Code::kWrongBookie));
  }
  void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) override {
    if (request.bookie == shard_.bookie()) return shard_.Read(std::move(request), std::move(done));
    done({.code = protocol::Code::kWrongBookie, .answers = {}});
  }
  void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) override {
    if (request.bookie == shard_.bookie()) return shard_.Lac(request, std::move(done));
    done({.code = protocol::Code::kWrongBookie});
  }
  void WriteLac(protocol::WriteLacRequest request,
                common::Callback<protocol::WriteLacReply> done) override {
    if (request.bookie == shard_.bookie()) return shard_.WriteLac(request, std::move(done));
    done({.code = protocol::Code::kWrongBookie});
  }
  void ListEntries(protocol::ListEntriesRequest request,
                   common::Callback<protocol::ListEntriesReply> done) override {
    if (request.bookie == shard_.bookie()) return shard_.ListEntries(request, std::move(done));
    done({.code = protocol::Code::kWrongBookie, .runs = {}});
  }
  void Status(protocol::StatusRequest, common::Callback<protocol::StatusReply> done) override {
    done({.code = protocol::Code::kOk, .instance = {}, .bookies = {shard_.Status()}});
  }
  bool Accepting() const override { return shard_.Accepting(); }

 private:
  bookie::Shard& shard_;
};

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
    handler_ = std::make_unique<ShardHandler>(*shard_);
    return handler_.get();
  }
  void Close() override {
    handler_.reset();
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
  std::unique_ptr<ShardHandler> handler_;
};

}  // namespace

std::unique_ptr<BookieNode> MakeFullNode(Environment environment, int index,
                                         protocol::BookieId id) {
  return std::make_unique<FullNode>(environment, index, id);
}

}  // namespace quire::simulation
