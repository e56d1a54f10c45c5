#include "client/engine.h"

#include <utility>

namespace quire::client {

using common::Errc;
using common::Fail;
using metadata::LedgerMetadata;
using metadata::VersionedLedger;
using protocol::LedgerId;

Engine::Engine(common::Loop& loop, metadata::MetadataStore& store, rpc::ChannelPool& channels,
               common::Random& random, Timing timing)
    : ledgers_(loop, store, random),
      directory_(loop, store),
      placement_(loop, directory_, random),
      services_{loop, ledgers_, directory_, channels, placement_, random, timing} {}

void Engine::Start(metadata::MetadataStore::Done done) {
  directory_.Start(std::move(done));
}

void Engine::Create(CreateOptions options, std::int64_t now_ms,
                    common::Callback<common::Result<std::shared_ptr<Writer>>> done) {
  if (auto check = options.replication.Check(); !check) {
    return done(Fail(std::move(check).error()));
  }
  const auto create = [this, now_ms](const CreateOptions& wanted, metadata::Ensemble ensemble,
                                     auto finish) {
    LedgerMetadata ledger;
    ledger.replication = wanted.replication;
    ledger.segments[protocol::EntryId(0)] = std::move(ensemble);
    ledger.created_ms = now_ms;
    ledger.custom = wanted.custom;
    ledgers_.Create(std::move(ledger), [this, finish = std::move(finish)](auto created) mutable {
      if (!created) return finish(Fail(std::move(created).error()));
      finish(std::make_shared<Writer>(services_, *std::move(created)));
    });
  };
  if (auto ensemble = placement_.Pick(options.replication.ensemble)) {
    return create(options, *std::move(ensemble), std::move(done));
  }
  // Bookies may have come since the directory was last told.
  directory_.Refresh([this, create, options = std::move(options),
                      done = std::move(done)](common::Result<void> refreshed) mutable {
    if (!refreshed) return done(Fail(std::move(refreshed).error()));
    auto ensemble = placement_.Pick(options.replication.ensemble);
    if (!ensemble) return done(Fail(std::move(ensemble).error()));
    create(options, *std::move(ensemble), std::move(done));
  });
}

void Engine::Open(LedgerId id, common::Callback<common::Result<std::shared_ptr<Reader>>> done) {
  ledgers_.Read(id, [this, done = std::move(done)](auto ledger) mutable {
    if (!ledger) return done(Fail(std::move(ledger).error()));
    auto reader = std::make_shared<Reader>(services_, *std::move(ledger));
    reader->Start();
    done(std::move(reader));
  });
}

void Engine::Seal(LedgerId id, Recovery::Done done) {
  ledgers_.Read(id, [this, done = std::move(done)](auto ledger) mutable {
    if (!ledger) return done(Fail(std::move(ledger).error()));
    Recovery::Start(services_, *std::move(ledger), std::move(done));
  });
}

void Engine::Describe(LedgerId id, metadata::LedgerDone done) {
  ledgers_.Read(id, std::move(done));
}

void Engine::Delete(LedgerId id, std::int64_t now_ms, metadata::MetadataStore::Done done) {
  ledgers_.ReadEvenDeleted(id, [this, id, now_ms, done = std::move(done)](auto ledger) mutable {
    if (!ledger) return done(Fail(std::move(ledger).error()));
    ledgers_.MarkDeleted(id, now_ms, services_.timing.metadata, std::move(done));
  });
}

namespace {

// Reads one record after the other: listing is for people and repairs, not for the hot path.
struct Listing : std::enable_shared_from_this<Listing> {
  metadata::LedgerStore& ledgers;
  std::size_t limit;
  common::Callback<common::Result<std::vector<VersionedLedger>>> done;
  std::vector<LedgerId> ids;
  std::size_t next = 0;
  std::vector<VersionedLedger> found;

  Listing(metadata::LedgerStore& store, std::size_t most,
          common::Callback<common::Result<std::vector<VersionedLedger>>> callback)
      : ledgers(store), limit(most), done(std::move(callback)) {}

  void NextPage(LedgerId after) {
    ledgers.List(after, limit, [self = shared_from_this()](auto page) {
      if (!page) return self->done(Fail(std::move(page).error()));
      if (page->empty()) return self->done(std::move(self->found));
      self->ids = *std::move(page);
      self->next = 0;
      self->NextLedger();
    });
  }

  void NextLedger() {
    if (found.size() == limit) return done(std::move(found));
    if (next == ids.size()) return NextPage(ids.back());
    ledgers.Read(ids[next++], [self = shared_from_this()](auto ledger) {
      if (ledger) {
        self->found.push_back(*std::move(ledger));
      } else if (ledger.error().code() != Errc::kNoSuchLedger) {
        return self->done(Fail(std::move(ledger).error()));
      }
      self->NextLedger();
    });
  }
};

}  // namespace

void Engine::List(LedgerId after, std::size_t limit,
                  common::Callback<common::Result<std::vector<VersionedLedger>>> done) {
  std::make_shared<Listing>(ledgers_, limit, std::move(done))->NextPage(after);
}

}  // namespace quire::client
