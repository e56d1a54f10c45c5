#include <rocksdb/env.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "bookie/collector.h"
#include "bookie/offline_rebuild.h"
#include "bookie/segment_format.h"
#include "bookie/shard.h"
#include "bookie/shard_router.h"
#include "common/check.h"
#include "tests/simulation/bookie_node.h"
#include "tests/simulation/sim_worker.h"
#include "tests/support/sim_disk.h"

namespace quire::simulation {
namespace {

using std::chrono::milliseconds;

constexpr const char* kIndexPath = "/index";

// Small enough that files roll and the cache is flushed within a history.
bookie::ShardOptions SmallOptions(rocksdb::Env& env, bool begun, SimLoop& process) {
  bookie::ShardOptions options;
  options.journal.file_bytes = 64 << 10;
  options.journal.spare_files = 1;
  options.store.cache_bytes = 16 << 10;
  options.store.index_path = kIndexPath;
  options.store.index_env = &env;
  options.store.may_begin = !begun;
  options.store.compaction.min_garbage = 0.01;
  options.store.compaction.step_bytes = 2 << 10;
  options.store.compaction.segment_bytes = 32 << 10;
  options.store.compaction.bytes_per_second = 1 << 20;
  options.store.compaction.interval = milliseconds(150);
  options.store.scrub.step_bytes = 4 << 10;
  options.store.scrub.bytes_per_second = 1 << 20;
  options.store.scrub.first_wait = milliseconds(200);
  options.store.scrub.interval = milliseconds(500);
  options.store.quarantine = {.keep = std::chrono::seconds(2), .wall_seconds = [&process] {
                                return process.Now().time_since_epoch() / std::chrono::seconds(1);
                              }};
  options.ballast_bytes = 64 << 10;
  options.space_interval = milliseconds(200);
  options.journal.full_retry = milliseconds(50);
  options.max_journal_bytes = 256 << 10;
  options.min_free_bytes = 0;
  return options;
}

// Rounds so close together that a history sees several.
constexpr bookie::CollectorOptions kCollection{.interval = milliseconds(300),
                                               .purge_grace = milliseconds(600),
                                               .absence_interval = milliseconds(300),
                                               .reads_in_flight = 4};

class FullNode final : public BookieNode {
 public:
  FullNode(Environment environment, int index) : BookieNode(environment, index) { MakeDisk(); }
  ~FullNode() override { Crash(); }

  // The index is lost and made anew, as 'quire disk rebuild-index' does it.
  bool PutInLimbo(protocol::LedgerId /*ledger*/) override {
    index_env_.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
    const auto journal = bookie::ReadReplayable(*disk_);
    QUIRE_CHECK(journal.has_value());
    const auto index = bookie::Index::Open(kIndexPath, index_env_.get());
    QUIRE_CHECK(index.has_value());
    const auto summary =
        bookie::IndexRebuild(*disk_, index->get(), nullptr).Run(journal->stored, 0);
    QUIRE_CHECK(summary.has_value());
    limbo_ = true;
    environment_.trace.Line(address(), " has a new index, of ", summary->records, " records in ",
                            summary->segments, " segments, the journal begins behind ",
                            journal->stored);
    return true;
  }
  bool Rot() override {
    std::vector<std::string> segments = disk_->List().value();
    std::erase_if(segments, [](const auto& name) { return !bookie::ParseSegmentName(name); });
    if (segments.empty()) return false;
    const std::string& name = segments[Below(segments.size())];
    const std::uint64_t bytes = disk_->Contents(name).size();
    if (bytes == 0) return false;
    disk_->Flip(name, Below(bytes), static_cast<unsigned char>(1 << Below(8)));
    return true;
  }
  void FailDisk() override {
    Below(2) == 0 ? disk_->FailWrite(1 + Below(10)) : disk_->FailSync(1 + Below(10));
  }
  void SetDiskFull(bool full) override {
    std::uint64_t used = 0;
    for (const std::string& name : disk_->List().value()) used += disk_->Contents(name).size();
    full_ = full;
    disk_->set_capacity(full ? used + Below(40'000) : testing::SimDisk::kUnlimited);
  }

 protected:
  rpc::BookieHandler* Open(SimLoop& process, metadata::MetadataStore& store,
                           std::string& failure) override {
    if (full_) MarkAiling();  // it may fail again before there is room
    const common::Duration sync = environment_.network.profile().sync;
    journal_worker_ = std::make_unique<SimWorker>(process, sync);
    flush_worker_ = std::make_unique<SimWorker>(process, 10 * sync);
    reader_ = std::make_unique<SimWorker>(process, sync);
    compaction_worker_ = std::make_unique<SimWorker>(process, sync);
    shard_ = std::make_unique<bookie::Shard>(
        process, id(),
        bookie::ShardResources{.journal_disk = *disk_,
                               .store_disk = *disk_,
                               .journal_worker = *journal_worker_,
                               .flush_worker = *flush_worker_,
                               .readers = {reader_.get()},
                               .compaction_worker = compaction_worker_.get(),
                               .new_ledger_id = [this] { return NewLedgerId(); },
                               .ballast_disk = disk_.get()},
        SmallOptions(*index_env_, begun_, process), TraceLog(), bookie::Shard::Events{});
    if (auto opened = shard_->Open(bookie::RealStorage()); !opened) {
      failure = opened.error().ToString();
      return nullptr;
    }
    begun_ = true;
    shard_->Start();
    router_ = std::make_unique<bookie::ShardRouter>(kCluster);
    router_->Add(*shard_);
    ledgers_ =
        std::make_unique<metadata::LedgerStore>(process, store, environment_.scheduler.random());
    collector_ = std::make_unique<bookie::Collector>(
        bookie::Collector::Environment{
            .loop = process,
            .shard = *shard_,
            .metadata = store,
            .ledgers = *ledgers_,
            .instance = kCluster,
            .wall_ms = [&process] { return process.Now().time_since_epoch() / milliseconds(1); },
            .log = TraceLog()},
        kCollection);
    collector_->Start();
    ConsentLater(process);
    return router_.get();
  }
  void Close() override {
    collector_.reset();
    ledgers_.reset();
    router_.reset();
    shard_.reset();
    compaction_worker_.reset();
    reader_.reset();
    flush_worker_.reset();
    journal_worker_.reset();
  }
  void LosePower(common::Random& random) override { disk_->Crash(random); }
  void EmptyDirectory() override { MakeDisk(); }

 private:
  void MakeDisk() {
    begun_ = false;
    disk_ = std::make_unique<testing::SimDisk>("/bookie");
    index_env_.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  }
  // Past all faults: a start that does not get one is tried again, which shows nothing.
  // An operator, as few ledgers are here and one that is missing is too many. The two absences
  // stay.
  void ConsentLater(common::Loop& process) {
    process.After(kCollection.interval, [this, &process] {
      if (!collector_) return;
      collector_->Consent();
      ConsentLater(process);
    });
  }
  common::Result<protocol::LedgerId> NewLedgerId() {
    const std::string* last = environment_.metadata.Find("/ids");
    return protocol::LedgerId(last == nullptr ? 1 : std::stoll(*last) + 1);
  }
  bookie::Log TraceLog() {
    return bookie::Log([this](bookie::LogLevel, std::string_view line) {
      environment_.trace.Line(address(), ": ", line);
    });
  }
  std::uint64_t Below(std::uint64_t bound) {
    return common::Below(environment_.scheduler.random(), bound);
  }

  std::unique_ptr<testing::SimDisk> disk_;
  bool begun_ = false;  // the directory has its cookie
  bool full_ = false;
  std::unique_ptr<rocksdb::Env> index_env_;
  // Of the running process.
  std::unique_ptr<SimWorker> journal_worker_;
  std::unique_ptr<SimWorker> flush_worker_;
  std::unique_ptr<SimWorker> reader_;
  std::unique_ptr<SimWorker> compaction_worker_;
  std::unique_ptr<bookie::Shard> shard_;
  std::unique_ptr<bookie::ShardRouter> router_;
  std::unique_ptr<metadata::LedgerStore> ledgers_;
  std::unique_ptr<bookie::Collector> collector_;
};

}  // namespace

std::unique_ptr<BookieNode> MakeFullNode(Environment environment, int index) {
  return std::make_unique<FullNode>(environment, index);
}

}  // namespace quire::simulation
