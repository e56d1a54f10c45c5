#pragma once

#include <cstdint>
#include <string_view>

namespace quire::protocol {

// What a bookie says of one request or one entry. The values are on the wire (bookie.thrift).
enum class Code : std::int32_t {
  kOk = 0,
  kNoEntry = 1,       // certain: never acknowledged here and, if fenced, never will be
  kNoLedger = 2,      // certain: nothing of this ledger was ever acknowledged here
  kUnknown = 3,       // the bookie cannot say (limbo, i/o error, corrupt copy); never a negative
  kFenced = 4,        // the ledger is fenced or deleted here; a writer must stop
  kConflict = 5,      // the entry is here with other bytes; the first are kept (T-37)
  kUnauthorized = 6,  // the ledger key is not the one the ledger began with
  kReadOnly = 7,      // this bookie takes no new entries now
  kBusy = 8,          // over a bound; the same bookie will do later
  kWrongBookie = 9,   // no bookie of that id behind this address (T-17)
  kBadRequest = 10,   // the request breaks the contract
  kCorrupt = 11,      // the entry sent fails its own checksum
  kExpired = 12,      // the deadline had passed; nothing was done
  // Made by the caller's side of a connection, never sent. What was asked may have been done.
  kTimeout = 100,
  kDisconnected = 101,
};

std::string_view CodeName(Code code);

// OK, NO_ENTRY and NO_LEDGER are knowledge; every other answer to a read is "unknown" (T-15, T-16).
constexpr bool IsNegative(Code code) {
  return code == Code::kNoEntry || code == Code::kNoLedger;
}
constexpr bool IsKnown(Code code) {
  return code == Code::kOk || IsNegative(code);
}

}  // namespace quire::protocol
