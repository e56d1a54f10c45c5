#pragma once

#include <cstdint>
#include <memory>

#include "tests/nemesis/stage.h"

namespace quire::nemesis {

struct WriterPace {
  std::int64_t rate = 250;     // appends a second
  std::int64_t window = 64;    // appends under way
  std::int64_t max_ms = 5000;  // of appending to one ledger
};

// Makes ledger after ledger until it is told to stop: appends at a rate, one by one or in bursts,
// for a few seconds, then closes the ledger, or leaves it open, or falls silent and comes back when
// others may have sealed it. Every append has "invoke" in the history before it is begun, and
// afterwards "ok" (with its entry id), "fail" (for sure not in) or "unknown".
class WriterRole {
 public:
  WriterRole(Stage& stage, WriterPace pace) : stage_(stage), pace_(pace) {}

  void Run();

 private:
  struct Flight;  // the appends of one ledger that are under way

  std::unique_ptr<client::LedgerWriter> Create();
  // Returns early when the process shall stop or the handle takes no more appends.
  void AppendFor(client::LedgerWriter& writer, const std::shared_ptr<Flight>& flight,
                 std::chrono::milliseconds time);
  void Append(client::LedgerWriter& writer, const std::shared_ptr<Flight>& flight);
  void Close(client::LedgerWriter& writer);
  void WriteOneLedger();

  Stage& stage_;
  const WriterPace pace_;
  std::int64_t next_seq_ = 0;
};

}  // namespace quire::nemesis
