#include "bookie/shard_home.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "bookie/loop_call.h"
#include "common/gradual_disk.h"
#include "common/posix_disk.h"

namespace quire::bookie {

using common::Fail;
using common::PosixDisk;
using common::Result;

namespace {

Result<std::string> MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return common::FailErrno(error.value(), "create directory", path);
  auto absolute = std::filesystem::canonical(path, error).string();
  if (error) return common::FailErrno(error.value(), "find directory", path);
  return absolute;
}

// Lines that say which of several bookies they are about.
Log Prefixed(const Log& log, const std::string& directory, protocol::BookieId bookie) {
  const std::string prefix = "bookie " + ToHex(bookie).substr(0, 8) + " (" + directory + "): ";
  return Log([log, prefix](LogLevel level, std::string_view line) {
    const std::string text = prefix + std::string(line);
    switch (level) {
      case LogLevel::kDebug: return log.Debug(text);
      case LogLevel::kInfo: return log.Info(text);
      case LogLevel::kWarning: return log.Warning(text);
      case LogLevel::kError: return log.Error(text);
    }
  });
}

}  // namespace

ShardHome::ShardHome(DirectoryLock lock, metadata::Cookie cookie, Log log)
    : lock_(std::move(lock)), cookie_(std::move(cookie)), log_(std::move(log)) {}

ShardHome::~ShardHome() = default;

Result<std::unique_ptr<ShardHome>> ShardHome::Open(common::Loop& loop, Plan plan,
                                                   const CookieRegistry& registry,
                                                   common::Random& random, const Log& log,
                                                   Shard::Events events) {
  auto directory = MakeDirectory(plan.directory);
  if (!directory) return Fail(std::move(directory).error());
  auto lock = DirectoryLock::Take(*directory);
  if (!lock) return Fail(std::move(lock).error());
  auto top = PosixDisk::Create(*directory);
  if (!top) return Fail(std::move(top).error());
  auto claimed = Identity::Claim(**top,
                                 {.directory = *directory,
                                  .host = plan.host,
                                  .instance = plan.instance,
                                  .now_ms = plan.now_ms,
                                  .rejoin = plan.rejoin},
                                 registry, random);
  if (!claimed) return Fail(std::move(claimed).error());
  metadata::Cookie& cookie = claimed->cookie;
  Log prefixed = Prefixed(log, *directory, cookie.bookie);
  prefixed.Info((*top)->direct() ? "direct I/O" : "no direct I/O here, using fdatasync");
  if (cookie.host != plan.host || cookie.directory != *directory) {
    prefixed.Warning("was formatted as " + cookie.host + ":" + cookie.directory +
                     "; a copy of a bookie must never run beside it");
  }
  plan.directory = *std::move(directory);
  plan.options.store.may_begin = claimed->formatting;
  std::unique_ptr<ShardHome> home(
      new ShardHome(*std::move(lock), std::move(cookie), std::move(prefixed)));
  auto opened = home->OpenShard(loop, plan, *std::move(top), std::move(events));
  if (opened && claimed->formatting) opened = Identity::Finish(*home->top_disk_);
  if (!opened) {
    if (home->shard_) RunOn(loop, [&home] { home->CloseShard(); });
    return Fail(opened.error().code(),
                "directory " + plan.directory + ": " + opened.error().context());
  }
  return home;
}

Result<void> ShardHome::OpenShard(common::Loop& loop, const Plan& plan,
                                  std::unique_ptr<common::Disk> top, Shard::Events events) {
  top_disk_ = std::move(top);
  const auto open_disk = [&plan](const char* name) {
    return PosixDisk::Create(plan.directory + "/" + name);
  };
  auto journal_disk = open_disk("journal");
  if (!journal_disk) return Fail(std::move(journal_disk).error());
  journal_disk_ = *std::move(journal_disk);
  auto segment_disk = open_disk("segments");
  if (!segment_disk) return Fail(std::move(segment_disk).error());
  // What is given up to make room makes it at once, or more would be given up meanwhile.
  auto gradual = common::GradualDisk::Create(*std::move(segment_disk),
                                             {.plenty_bytes = 2 * plan.options.clear_bytes()});
  if (!gradual) return Fail(std::move(gradual).error());
  segment_disk_ = *std::move(gradual);
  ShardOptions options = plan.options;
  options.directory = plan.directory;
  options.store.index_path = plan.directory + "/index";
  if (options.store.may_begin) QUIRE_TRY(MakeDirectory(options.store.index_path));
  QUIRE_TRY(top_disk_->SyncDirectory());  // the three names survive a crash

  journal_worker_ = std::make_unique<common::ThreadWorker>("journal");
  flush_worker_ = std::make_unique<common::ThreadWorker>("flush");
  compaction_worker_ = std::make_unique<common::ThreadWorker>("compact");
  std::vector<common::Worker*> readers;
  for (int i = 0; i < plan.reader_threads; ++i) {
    readers_.push_back(std::make_unique<common::ThreadWorker>("read" + std::to_string(i)));
    readers.push_back(readers_.back().get());
  }
  shard_ = std::make_unique<Shard>(loop, cookie_.bookie,
                                   ShardResources{.journal_disk = *journal_disk_,
                                                  .store_disk = *segment_disk_,
                                                  .journal_worker = *journal_worker_,
                                                  .flush_worker = *flush_worker_,
                                                  .readers = std::move(readers),
                                                  .compaction_worker = compaction_worker_.get(),
                                                  .new_ledger_id = plan.new_ledger_id,
                                                  .ballast_disk = top_disk_.get()},
                                   options, log_, std::move(events));
  return shard_->Open(plan.storage);
}

}  // namespace quire::bookie
