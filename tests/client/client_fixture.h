#pragma once

#include <gtest/gtest.h>

#include "client/services.h"
#include "fake_bookies.h"
#include "ledger_cell.h"
#include "manual_loop.h"
#include "metadata/memory_store.h"

namespace quire::client {

using common::Errc;
using protocol::Code;
using protocol::EntryId;
using protocol::kNoEntry;
using std::chrono::milliseconds;
using std::chrono::seconds;

// What the drivers need below them: metadata in memory, bookies that are fakes, time that is
// virtual.
class ClientFixture : public testing::Test {
 protected:
  ~ClientFixture() override {
    bookies.Clear();
    loop.Clear();
  }

  // Bookies 0..count-1, each with a daemon of its own.
  void Register(int count) {
    for (int i = 0; i < count; ++i) Register(i, "d" + std::to_string(i) + ":1", true);
    StartDirectory();
  }
  void Register(int bookie, const std::string& address, bool writable) {
    const metadata::BookieInfo info{B(static_cast<std::uint64_t>(bookie)), address, writable};
    store.Create(RegistrationPath(info), EncodeRegistration(info), metadata::NodeKind::kEphemeral,
                 [](auto created) { EXPECT_TRUE(created); });
    loop.Run();
  }
  void StartDirectory() {
    directory.Start([](auto started) { EXPECT_TRUE(started); });
    loop.Run();
  }

  metadata::VersionedLedger CreateLedger(const protocol::Replication& replication) {
    metadata::VersionedLedger ledger;
    ledgers.Create(NewLedger(replication), [&](auto created) {
      ASSERT_TRUE(created);
      ledger = *std::move(created);
    });
    loop.Run();
    return ledger;
  }
  template <typename Edit>
  metadata::VersionedLedger EditLedger(const metadata::VersionedLedger& from, Edit edit) {
    metadata::VersionedLedger after = from;
    bool once = false;
    ledgers.Update(
        from,
        {.needs = [&](const auto&) -> common::Result<bool> { return !std::exchange(once, true); },
         .transform = [&](const auto& ledger) -> common::Result<metadata::LedgerMetadata> {
           auto next = ledger;
           edit(next);
           return next;
         }},
        seconds(1), [&](auto edited) {
          EXPECT_TRUE(edited) << edited.error().ToString();
          if (edited) after = *std::move(edited);
        });
    loop.Run();
    return after;
  }
  metadata::VersionedLedger ReadLedger(protocol::LedgerId id) {
    metadata::VersionedLedger ledger;
    ledgers.Read(id, [&](auto read) {
      ASSERT_TRUE(read);
      ledger = *std::move(read);
    });
    loop.Run();
    return ledger;
  }

  static std::string Encoded(protocol::LedgerId ledger, std::int64_t entry) {
    std::string bytes;
    protocol::EncodeEntry({ledger, EntryId(entry), EntryId(entry - 1), (entry + 1) * 10},
                          "payload " + std::to_string(entry), bytes);
    return bytes;
  }
  // Entries first..last on their whole write sets.
  void Store(const metadata::VersionedLedger& ledger, std::int64_t first, std::int64_t last) {
    for (std::int64_t entry = first; entry <= last; ++entry) {
      const auto& value = *ledger.value;
      for (int i = 0; i < value.replication.write_quorum; ++i) {
        const int slot = protocol::WriteSetSlot(value.replication, EntryId(entry), i);
        const auto bookie = value.EnsembleOf(EntryId(entry))[static_cast<std::size_t>(slot)];
        bookies.at(bookie).entries[EntryId(entry)] = Encoded(value.id, entry);
      }
    }
  }

  ManualLoop loop;
  common::Random random{11};
  metadata::MemoryStore store{loop, std::make_shared<metadata::MemoryTree>()};
  metadata::LedgerStore ledgers{loop, store, random};
  metadata::BookieDirectory directory{loop, store};
  Placement placement{loop, directory, random};
  FakeBookies bookies{loop};
  Services services{loop, ledgers, directory, bookies, placement, random, {}};
};

}  // namespace quire::client
