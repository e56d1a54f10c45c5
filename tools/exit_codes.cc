#include "tools/exit_codes.h"

namespace quire::tools {

using common::Errc;

ExitCode ExitCodeOf(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
    case Errc::kEntryTooLarge: return kExitUsage;
    case Errc::kNoSuchLedger:
    case Errc::kNoSuchEntry: return kExitNotFound;
    case Errc::kNotEnoughBookies:
    case Errc::kMetadataUnavailable:
    case Errc::kUnreachable:
    case Errc::kTimeout:
    case Errc::kRecoveryBlocked:
    case Errc::kReadFailed:
    case Errc::kBusy:
    case Errc::kWrongInstance: return kExitUnavailable;
    case Errc::kFenced:
    case Errc::kAmbiguous:
    case Errc::kMetadataConflict: return kExitUnknown;
    default: return kExitFailed;
  }
}

const char* AdviceFor(Errc code) {
  switch (code) {
    case Errc::kMetadataUnavailable: return "check that ZooKeeper runs where --metadata says";
    case Errc::kNotEnoughBookies:
      return "start more bookies, or ask for a smaller --ensemble; 'quire bookie list' shows which "
             "there are";
    case Errc::kNoSuchLedger: return "'quire ledger list' shows which there are";
    case Errc::kUnreachable:
    case Errc::kTimeout: return "'quire cluster status' shows which bookies answer";
    case Errc::kReadFailed:
    case Errc::kRecoveryBlocked:
      return "bring the missing bookies back and try again; nothing was lost or decided";
    case Errc::kBusy: return "try again later";
    case Errc::kFenced:
    case Errc::kMetadataConflict:
      return "write to a new ledger; 'quire ledger info' shows where this one ended";
    case Errc::kAmbiguous: return "look at what is there before trying again";
    case Errc::kDataLoss: return "raise an alarm: confirmed data is missing";
    default: return "";
  }
}

}  // namespace quire::tools
