#include "metadata/ledger_store.h"

#include <utility>

#include "metadata/id_generator.h"
#include "metadata/ledger_creation.h"
#include "metadata/ledger_listing.h"
#include "metadata/ledger_path.h"
#include "metadata/ledger_update.h"
#include "metadata/operation.h"

namespace quire::metadata {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::LedgerId;

namespace {

std::string Name(LedgerId id) {
  return "ledger " + std::to_string(id.value());
}

// One linearizable read of one record.
class LedgerRead final : public OperationOf<VersionedLedger> {
 public:
  LedgerRead(common::Loop& loop, OperationSet& owner, LedgerId id, bool even_deleted, Done done)
      : OperationOf(loop, owner, std::move(done)), id_(id), even_deleted_(even_deleted) {}

  void Begin(MetadataStore& store) {
    if (id_.value() < 0) {
      return NextTurn([this] { Finish(Fail(Errc::kNoSuchLedger, Name(id_))); });
    }
    store.Read(LedgerStore::Path(id_),
               WhileAlive([this](Result<Versioned> read) { Finish(Interpret(std::move(read))); }));
  }

 private:
  Result<VersionedLedger> Interpret(Result<Versioned> read) const {
    if (!read && read.error().code() == Errc::kNoNode) return Fail(Errc::kNoSuchLedger, Name(id_));
    if (!read) return Fail(std::move(read).error());
    auto ledger = DecodeLedger(read->value);
    if (!ledger) {
      return Fail(ledger.error().code(), Name(id_) + ": " + ledger.error().context());
    }
    if (ledger->id != id_) return Fail(Errc::kCorrupt, Name(id_) + " holds another ledger");
    if (ledger->state == LedgerState::kDeleted && !even_deleted_) {
      return Fail(Errc::kNoSuchLedger, Name(id_) + " was deleted");
    }
    return VersionedLedger{std::make_shared<const LedgerMetadata>(*std::move(ledger)),
                           read->version};
  }

  const LedgerId id_;
  const bool even_deleted_;
};

// Any operation that ends without a value.
class Step final : public OperationOf<void> {
 public:
  Step(common::Loop& loop, OperationSet& owner, Done done)
      : OperationOf(loop, owner, std::move(done)) {}

  void End(Result<void> result) { Finish(std::move(result)); }
  void EndLater(Result<void> result) {
    NextTurn([this, result = std::move(result)] { Finish(result); });
  }
  template <typename F>
  auto Then(F function) {
    return WhileAlive(std::move(function));
  }
};

}  // namespace

class LedgerStore::Impl {
 public:
  Impl(common::Loop& loop, MetadataStore& store, common::Random& random)
      : loop_(loop),
        store_(store),
        random_(random),
        writer_(protocol::WriterId::Make(random)),
        ids_(loop, store) {}

  void Create(LedgerMetadata ledger, LedgerDone done) {
    ledger.key = protocol::LedgerKey::Make(random_);
    ledger.writer = writer_;
    ledger.writer_op = ++last_op_;
    Start<LedgerCreation>(store_, ids_, std::move(ledger), std::move(done))->Begin();
  }

  void Read(LedgerId id, bool even_deleted, LedgerDone done) {
    Start<LedgerRead>(id, even_deleted, std::move(done))->Begin(store_);
  }

  void Update(LedgerId id, std::optional<VersionedLedger> local, LedgerUpdate update,
              common::Duration deadline, LedgerDone done) {
    Mutation mutation{id, writer_, ++last_op_, std::move(update)};
    Start<LedgerUpdateLoop>(store_, std::move(mutation), std::move(done))
        ->Begin(std::move(local), deadline);
  }

  void List(LedgerId after, std::size_t limit,
            common::Callback<Result<std::vector<LedgerId>>> done) {
    Start<LedgerListing>(store_, limit, std::move(done))->Begin(after);
  }

  void Purge(LedgerId id, Version version, MetadataStore::Done done) {
    const auto step = Start<Step>(std::move(done));
    // The record is looked at first: a version that is right but of a live ledger must do no harm.
    Read(id, true,
         step->Then([this, id, version, step = step.get()](Result<VersionedLedger> found) {
           if (!found && found.error().code() == Errc::kNoSuchLedger) return step->End({});
           if (!found) return step->End(Fail(std::move(found).error()));
           if (found->version != version) return step->End(Fail(Errc::kBadVersion, Name(id)));
           if (found->value->state != LedgerState::kDeleted) {
             return step->End(Fail(Errc::kInvalidArgument, Name(id) + " is not deleted"));
           }
           store_.Delete(Path(id), version, step->Then([step](Result<void> removed) {
             const bool gone = !removed && removed.error().code() == Errc::kNoNode;
             step->End(gone ? Result<void>() : std::move(removed));
           }));
         }));
  }

  void MarkDeleted(LedgerId id, std::int64_t now_ms, common::Duration deadline,
                   MetadataStore::Done done) {
    if (id.value() < 0) {
      return Start<Step>(std::move(done))->EndLater(Fail(Errc::kNoSuchLedger, Name(id)));
    }
    LedgerUpdate update;
    update.needs = [](const LedgerMetadata& m) { return m.state != LedgerState::kDeleted; };
    update.transform = [now_ms](const LedgerMetadata& m) {
      LedgerMetadata next = m;
      next.state = LedgerState::kDeleted;
      next.deleted_ms = now_ms;
      return next;
    };
    Update(id, std::nullopt, std::move(update), deadline,
           [done = std::move(done)](Result<VersionedLedger> result) mutable {
             const bool gone = !result && result.error().code() == Errc::kNoSuchLedger;
             done(result || gone ? Result<void>() : Fail(std::move(result).error()));
           });
  }

  MetadataStore& store() { return store_; }

 private:
  // Makes an operation that lives until it is finished, or this object ends.
  template <typename T, typename... A>
  std::shared_ptr<T> Start(A&&... arguments) {
    auto operation = std::make_shared<T>(loop_, operations_, std::forward<A>(arguments)...);
    operations_.Insert(operation);
    return operation;
  }

  common::Loop& loop_;
  MetadataStore& store_;
  common::Random& random_;
  const protocol::WriterId writer_;
  std::int64_t last_op_ = 0;
  IdGenerator ids_;
  OperationSet operations_;
};

LedgerStore::LedgerStore(common::Loop& loop, MetadataStore& store, common::Random& random)
    : impl_(std::make_unique<Impl>(loop, store, random)) {}

LedgerStore::~LedgerStore() = default;

void LedgerStore::Create(LedgerMetadata ledger, LedgerDone done) {
  impl_->Create(std::move(ledger), std::move(done));
}

void LedgerStore::Read(LedgerId id, LedgerDone done) {
  impl_->Read(id, false, std::move(done));
}

void LedgerStore::ReadEvenDeleted(LedgerId id, LedgerDone done) {
  impl_->Read(id, true, std::move(done));
}

void LedgerStore::Update(VersionedLedger local, LedgerUpdate update, common::Duration deadline,
                         LedgerDone done) {
  const LedgerId id = local.value->id;
  update.needs = [id, needs = std::move(update.needs)](const LedgerMetadata& m) -> Result<bool> {
    if (m.state == LedgerState::kDeleted)
      return Fail(Errc::kNoSuchLedger, Name(id) + " was deleted");
    return needs(m);
  };
  impl_->Update(id, std::move(local), std::move(update), deadline, std::move(done));
}

void LedgerStore::List(LedgerId after, std::size_t limit,
                       common::Callback<Result<std::vector<LedgerId>>> done) {
  impl_->List(after, limit, std::move(done));
}

void LedgerStore::MarkDeleted(LedgerId id, std::int64_t now_ms, common::Duration deadline,
                              MetadataStore::Done done) {
  impl_->MarkDeleted(id, now_ms, deadline, std::move(done));
}

void LedgerStore::Purge(LedgerId id, Version version, MetadataStore::Done done) {
  impl_->Purge(id, version, std::move(done));
}

MetadataStore::WatchHandle LedgerStore::Watch(LedgerId id, common::Task changed) {
  return impl_->store().Watch(Path(id), std::move(changed));
}

std::string LedgerStore::Path(LedgerId id) {
  return LedgerPath(SplitLedgerId(id), 4);
}

}  // namespace quire::metadata
