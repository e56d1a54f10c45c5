#include "client/client.h"

#include <utility>

#include "client/client_core.h"
#include "client/ledger_reader_impl.h"
#include "client/ledger_writer_impl.h"
#include "metadata/zookeeper_store.h"

namespace quire::client {

using common::Errc;
using common::Fail;
using common::Result;
using metadata::LedgerMetadata;
using metadata::VersionedLedger;
using protocol::LedgerId;

Client::Client() : core_(std::make_shared<ClientCore>()) {}

Client::~Client() {
  core_->Shutdown();
}

Result<std::unique_ptr<Client>> Client::Connect(const std::string& metadata_uri) {
  return Connect([&](common::Loop& loop) -> Result<std::unique_ptr<metadata::MetadataStore>> {
    return metadata::ZookeeperStore::Open(loop, metadata_uri);
  });
}

Result<std::unique_ptr<Client>> Client::Connect(const MakeStore& make_store) {
  std::unique_ptr<Client> client(new Client());
  QUIRE_TRY(client->core_->Start(make_store));
  return client;
}

Result<std::unique_ptr<LedgerWriter>> Client::CreateLedger(const CreateOptions& options,
                                                           const WriterOptions& writer_options) {
  auto impl =
      core_->Call<std::shared_ptr<LedgerWriter::Impl>>([this, options, writer_options](auto done) {
        core_->engine().Create(
            options, WallClockMillis(),
            [core = core_, writer_options, done = std::move(done)](auto writer) mutable {
              if (!writer) return done(Fail(std::move(writer).error()));
              auto made =
                  std::make_shared<LedgerWriter::Impl>(core, *std::move(writer), writer_options);
              made->ListenForShutdown();
              done(std::move(made));
            });
      });
  if (!impl) return Fail(std::move(impl).error());
  return std::unique_ptr<LedgerWriter>(new LedgerWriter(*std::move(impl)));
}

Result<std::unique_ptr<LedgerReader>> Client::OpenLedger(LedgerId id) {
  auto impl = core_->Call<std::shared_ptr<LedgerReader::Impl>>([this, id](auto done) {
    core_->engine().Open(id, [core = core_, done = std::move(done)](auto reader) mutable {
      if (!reader) return done(Fail(std::move(reader).error()));
      done(std::make_shared<LedgerReader::Impl>(core, *std::move(reader)));
    });
  });
  if (!impl) return Fail(std::move(impl).error());
  return std::unique_ptr<LedgerReader>(new LedgerReader(*std::move(impl)));
}

Result<SealResult> Client::SealLedger(LedgerId id) {
  auto outcome = core_->Call<Recovery::Outcome>(
      [this, id](auto done) { core_->engine().Seal(id, std::move(done)); });
  if (!outcome) return Fail(std::move(outcome).error());
  return SealResult{*outcome->ledger.value, outcome->was_closed, outcome->recovered};
}

Result<void> Client::DeleteLedger(LedgerId id) {
  return core_->Call<void>(
      [this, id](auto done) { core_->engine().Delete(id, WallClockMillis(), std::move(done)); });
}

Result<LedgerMetadata> Client::DescribeLedger(LedgerId id) {
  auto ledger = DescribeVersion(id);
  if (!ledger) return Fail(std::move(ledger).error());
  return *ledger->value;
}

Result<VersionedLedger> Client::DescribeVersion(LedgerId id) {
  return core_->Call<VersionedLedger>(
      [this, id](auto done) { core_->engine().Describe(id, std::move(done)); });
}

Result<std::vector<LedgerMetadata>> Client::ListLedgers(LedgerId after, std::size_t limit) {
  auto found = core_->Call<std::vector<VersionedLedger>>(
      [this, after, limit](auto done) { core_->engine().List(after, limit, std::move(done)); });
  if (!found) return Fail(std::move(found).error());
  std::vector<LedgerMetadata> ledgers;
  for (const VersionedLedger& ledger : *found) ledgers.push_back(*ledger.value);
  return ledgers;
}

Result<std::vector<metadata::Cookie>> Client::ListCookies() {
  return core_->Call<std::vector<metadata::Cookie>>(
      [this](auto done) { metadata::ListCookies(core_->store(), std::move(done)); });
}

Result<std::vector<metadata::BookieInfo>> Client::ListBookies() {
  return core_->Call<std::vector<metadata::BookieInfo>>(
      [this](auto done) { metadata::ListBookies(core_->store(), std::move(done)); });
}

namespace {

// Connection-level codes of a reply as an error; nullopt: somebody answered.
std::optional<common::Error> CallError(protocol::Code code, const std::string& address) {
  if (code == protocol::Code::kTimeout) return common::Error(Errc::kTimeout, address);
  if (code == protocol::Code::kDisconnected) return common::Error(Errc::kUnreachable, address);
  return std::nullopt;
}

constexpr std::int32_t kAskMillis = 5000;

}  // namespace

Result<protocol::StatusReply> Client::BookieStatus(const std::string& address) {
  return core_->Call<protocol::StatusReply>([this, address](auto done) {
    core_->channels().Get(address)->Status(
        {.deadline_ms = kAskMillis},
        [address, done = std::move(done)](protocol::StatusReply reply) mutable {
          if (auto error = CallError(reply.code, address)) return done(Fail(*std::move(error)));
          done(std::move(reply));
        });
  });
}

Result<protocol::ListEntriesReply> Client::ListEntries(protocol::BookieId bookie, LedgerId ledger,
                                                       protocol::EntryId from) {
  return core_->Call<protocol::ListEntriesReply>([this, bookie, ledger, from](auto done) {
    const std::string address = core_->engine().services().directory.AddressOf(bookie);
    core_->channels().Get(address)->ListEntries(
        {.bookie = bookie,
         .deadline_ms = kAskMillis,
         .ledger = ledger,
         .from = from,
         .max_runs = 0},
        [address, done = std::move(done)](protocol::ListEntriesReply reply) mutable {
          if (auto error = CallError(reply.code, address)) return done(Fail(*std::move(error)));
          done(std::move(reply));
        });
  });
}

}  // namespace quire::client
