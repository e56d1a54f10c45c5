#include "protocol/code.h"

namespace quire::protocol {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kOk: return "ok";
    case Code::kNoEntry: return "no entry";
    case Code::kNoLedger: return "no ledger";
    case Code::kUnknown: return "unknown";
    case Code::kFenced: return "fenced";
    case Code::kConflict: return "conflict";
    case Code::kUnauthorized: return "unauthorized";
    case Code::kReadOnly: return "read-only";
    case Code::kBusy: return "busy";
    case Code::kWrongBookie: return "wrong bookie";
    case Code::kBadRequest: return "bad request";
    case Code::kCorrupt: return "corrupt";
    case Code::kExpired: return "expired";
    case Code::kTimeout: return "timeout";
    case Code::kDisconnected: return "disconnected";
  }
  return "undefined code";
}

}  // namespace quire::protocol
