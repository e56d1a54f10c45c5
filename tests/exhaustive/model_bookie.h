#pragma once

#include <array>
#include <cstdint>

#include "protocol/code.h"
#include "tests/exhaustive/configuration.h"
#include "tests/exhaustive/contents.h"

namespace quire::exhaustive {

// What one bookie of protocol 1.3 keeps of one ledger: a value of eight bytes.
//
// Admitted records are visible at once and wait in the journal, in order. An answer names the
// record that must be durable before it may leave; when the client gets it, the world calls
// SyncTo. A sync that nobody has learnt of yet need therefore not be a step of its own: until then
// the crash alone decides how much of the journal was on disk.
class ModelBookie {
 public:
  using Entries = std::array<std::uint8_t, kMaxEntries>;  // numbers in Contents

  struct Answer {
    protocol::Code code = protocol::Code::kOk;
    std::uint8_t after = 0;  // so many records durable before the answer leaves; 0: any time
    std::int8_t lac = -1;    // of FenceAndLac
    Entries entries{};       // of FenceAndRead
  };

  Answer Add(int entry, std::uint8_t content, bool recovery, Deviation deviation);
  Answer FenceAndLac(const Contents& contents, Deviation deviation);
  Answer FenceAndRead(Deviation deviation);

  // The first `records` records of the ledger's life are durable.
  void SyncTo(int records);
  void SyncAll();
  // Restart with the first `records` records of its life: all that are durable, and of the rest
  // what the disk happened to hold.
  void CrashTo(int records);

  bool Fenced() const;
  bool DurablyFenced() const { return fenced_ != 0; }
  std::uint8_t Stored(int entry) const;  // admitted
  std::uint8_t Durable(int entry) const { return durable_[static_cast<std::size_t>(entry)]; }
  int DurableRecords() const;
  int Records() const;
  // A client was told that the ledger is fenced here, although a crash may still forget it.
  bool promised() const { return (flags_ & kPromised) != 0; }
  void Promise() {
    if (!DurablyFenced()) flags_ |= kPromised;
  }
  // A crash now would make a difference.
  bool CanLose() const { return journal_[0] != 0 || (flags_ & kSoftFence) != 0; }

  bool operator==(const ModelBookie&) const = default;

 private:
  static constexpr std::uint8_t kFenceRecord = 0xf;
  static constexpr std::uint8_t kPromised = 1;
  static constexpr std::uint8_t kSoftFence = 2;

  struct FenceOutcome {
    bool was_known = false;
    std::uint8_t after = 0;
  };
  FenceOutcome Fence(Deviation deviation);
  int Journal(std::uint8_t record);         // its number
  int NumberOf(std::uint8_t record) const;  // 0 when it is durable already

  Entries durable_{};
  std::uint8_t fenced_ : 4 = 0;
  std::uint8_t flags_ : 4 = 0;
  // Not durable yet, in order: the entry in the high four bits and its content, or kFenceRecord.
  std::array<std::uint8_t, kMaxEntries + 1> journal_{};
};
static_assert(sizeof(ModelBookie) == 8);

}  // namespace quire::exhaustive
