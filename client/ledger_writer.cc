#include "client/ledger_writer.h"

#include <utility>

#include "client/ledger_writer_impl.h"
#include "protocol/limits.h"

namespace quire::client {

using common::Errc;
using common::Error;
using common::Fail;

namespace {

// What an append holds in memory until it ends: its bytes, and about so much around them (the
// places in the queues, the callback, the allocator's part). Empty entries count too.
constexpr std::size_t kAppendOverheadBytes = 256;

std::size_t CostOf(std::size_t payload) {
  return payload + kAppendOverheadBytes;
}

}  // namespace

LedgerWriter::Impl::Impl(std::shared_ptr<ClientCore> core, std::shared_ptr<Writer> writer,
                         WriterOptions options)
    : core_(std::move(core)),
      options_(options),
      id_(writer->id()),
      farewell_(std::make_shared<common::Task>([this] { OnShutdown(); })),
      ledger_(writer->protocol().ledger()),
      writer_(std::move(writer)) {}

void LedgerWriter::Impl::ListenForShutdown() {
  core_->AtShutdown(farewell_);
}

void LedgerWriter::Impl::AppendAsync(std::string_view payload, AppendCallback done) {
  if (payload.size() > protocol::kMaxPayloadBytes) {
    return done(AppendResult::Failed(
        Error(Errc::kEntryTooLarge, "entry of " + std::to_string(payload.size()) +
                                        " bytes; the limit is " +
                                        std::to_string(protocol::kMaxPayloadBytes))));
  }
  const std::size_t cost = CostOf(payload.size());
  std::string bytes;
  bytes.reserve(protocol::kEntryOverheadBytes + payload.size());
  bytes.append(protocol::kEntryOverheadBytes, '\0');
  bytes.append(payload);

  std::unique_lock lock(mutex_);
  const auto fits = [&] {
    return shutdown_ || pending_bytes_ == 0 || pending_bytes_ + cost <= options_.max_pending_bytes;
  };
  if (!fits()) {
    if (InLoopThread()) {
      lock.unlock();
      return done(AppendResult::Failed(Error(Errc::kBusy, "the writer's byte budget is used up")));
    }
    ++blocked_;
    room_.wait(lock, fits);
    --blocked_;
  }
  if (shutdown_) {
    lock.unlock();
    return done(AppendResult::Failed(Error(Errc::kShutdown)));
  }
  pending_bytes_ += cost;
  inbox_.push_back({std::move(bytes), std::move(done)});
  if (std::exchange(scheduled_, true)) return;
  lock.unlock();
  core_->loop().Post([self = shared_from_this()] { self->Drain(); });
}

void LedgerWriter::Impl::Drain() {
  {
    const std::lock_guard lock(mutex_);
    scheduled_ = false;
    std::swap(inbox_, draining_);
  }
  for (Item& item : draining_) {
    const std::size_t cost = CostOf(item.bytes.size() - protocol::kEntryOverheadBytes);
    writer_->Append(std::move(item.bytes),
                    [self = shared_from_this(), cost,
                     done = std::move(item.done)](AppendResult result) mutable {
                      self->Release(cost, result.ok() ? result.entry() : protocol::kNoEntry);
                      done(std::move(result));
                    });
  }
  draining_.clear();
}

void LedgerWriter::Impl::Release(std::size_t cost, protocol::EntryId lac) {
  const std::lock_guard lock(mutex_);
  pending_bytes_ -= cost;
  if (lac > lac_) lac_ = lac;
  if (ledger_.value != writer_->protocol().ledger().value) ledger_ = writer_->protocol().ledger();
  if (blocked_ > 0) room_.notify_all();
}

common::Result<void> LedgerWriter::Impl::Close() {
  return core_->Call<void>([self = shared_from_this()](auto done) {
    self->Drain();  // appends that were called before come first
    self->writer_->Close(std::move(done));
  });
}

void LedgerWriter::Impl::Abandon() {
  core_->loop().Post([self = shared_from_this()] { self->writer_->Abandon(); });
}

void LedgerWriter::Impl::OnShutdown() {
  {
    // First, so that no append comes in behind the last Drain.
    const std::lock_guard lock(mutex_);
    shutdown_ = true;
    room_.notify_all();
  }
  Drain();
  writer_->Abandon();
}

protocol::EntryId LedgerWriter::Impl::lac() {
  const std::lock_guard lock(mutex_);
  return lac_;
}

metadata::LedgerMetadata LedgerWriter::Impl::metadata() {
  auto ledger = core_->Call<metadata::VersionedLedger>(
      [self = shared_from_this()](auto done) { done(self->writer_->protocol().ledger()); });
  const std::lock_guard lock(mutex_);
  if (ledger) ledger_ = *std::move(ledger);
  return *ledger_.value;
}

LedgerWriter::LedgerWriter(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

LedgerWriter::~LedgerWriter() {
  impl_->Abandon();
}

protocol::LedgerId LedgerWriter::id() const {
  return impl_->id();
}

AppendResult LedgerWriter::Append(std::string_view payload) {
  QUIRE_CHECK(!impl_->InLoopThread());  // it would wait for itself
  std::promise<AppendResult> promise;
  auto future = promise.get_future();
  impl_->AppendAsync(payload,
                     [&promise](AppendResult result) { promise.set_value(std::move(result)); });
  return future.get();
}

void LedgerWriter::AppendAsync(std::string_view payload, AppendCallback done) {
  impl_->AppendAsync(payload, std::move(done));
}

common::Result<void> LedgerWriter::Close() {
  return impl_->Close();
}
protocol::EntryId LedgerWriter::lac() const {
  return impl_->lac();
}
metadata::LedgerMetadata LedgerWriter::metadata() const {
  return impl_->metadata();
}

}  // namespace quire::client
