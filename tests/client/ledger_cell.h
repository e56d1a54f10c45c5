#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "metadata/ledger_store.h"

namespace quire::client {

inline protocol::BookieId B(std::uint64_t n) {
  return {.high = n << 32, .low = n};
}

inline metadata::Ensemble Bookies(int first, int count) {
  metadata::Ensemble ensemble;
  for (int i = 0; i < count; ++i) ensemble.push_back(B(static_cast<std::uint64_t>(first + i)));
  return ensemble;
}

// An open ledger on bookies 0..E-1.
inline metadata::LedgerMetadata NewLedger(const protocol::Replication& replication) {
  metadata::LedgerMetadata ledger;
  ledger.id = protocol::LedgerId(5);
  ledger.key = {.high = 77, .low = 78};
  ledger.replication = replication;
  ledger.segments[protocol::EntryId(0)] = Bookies(0, replication.ensemble);
  return ledger;
}

// The metadata of one ledger as the store keeps it: one value, one version, and the update loop of
// protocol 1.1 over it. Every step anybody makes must be legal.
class LedgerCell {
 public:
  explicit LedgerCell(metadata::LedgerMetadata ledger)
      : now_{std::make_shared<metadata::LedgerMetadata>(std::move(ledger)), {0}} {
    EXPECT_TRUE(now_.value->Check());
  }

  const metadata::VersionedLedger& now() const { return now_; }
  const metadata::LedgerMetadata& value() const { return *now_.value; }

  common::Result<metadata::VersionedLedger> Update(metadata::VersionedLedger local,
                                                   const metadata::LedgerUpdate& update) {
    while (true) {
      const auto needed = update.needs(*local.value);
      if (!needed) return common::Fail(needed.error());
      if (!*needed) return local;
      auto next = update.transform(*local.value);
      if (!next) return common::Fail(std::move(next).error());
      const auto legal = metadata::CheckTransition(*local.value, *next);
      EXPECT_TRUE(legal) << legal.error().ToString();
      if (local.version == now_.version) return Write(*std::move(next));
      local = now_;
    }
  }

  // What another client did; must be legal as well.
  template <typename Edit>
  void Foreign(Edit edit) {
    metadata::LedgerMetadata next = value();
    edit(next);
    const auto legal = metadata::CheckTransition(value(), next);
    EXPECT_TRUE(legal) << legal.error().ToString();
    Write(std::move(next));
  }

  // What nobody may do, to see that it is noticed.
  template <typename Edit>
  void Break(Edit edit) {
    metadata::LedgerMetadata next = value();
    edit(next);
    Write(std::move(next));
  }

 private:
  metadata::VersionedLedger Write(metadata::LedgerMetadata next) {
    now_ = {std::make_shared<metadata::LedgerMetadata>(std::move(next)), {now_.version.value + 1}};
    return now_;
  }

  metadata::VersionedLedger now_;
};

}  // namespace quire::client
