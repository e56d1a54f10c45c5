#include "common/error.h"

#include <cerrno>
#include <cstring>

namespace quire::common {
namespace {

const char* Meaning(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument: return "invalid argument";
    case Errc::kNotEnoughBookies: return "not enough bookies";
    case Errc::kEntryTooLarge: return "entry too large";
    case Errc::kNoSuchLedger: return "no such ledger";
    case Errc::kNoSuchEntry: return "no such entry";
    case Errc::kLedgerExists: return "ledger exists";
    case Errc::kLedgerClosed: return "ledger is closed";
    case Errc::kFenced: return "ledger is fenced: another client recovered it";
    case Errc::kUnauthorized: return "ledger key does not match";
    case Errc::kConflict: return "entry exists with other bytes";
    case Errc::kTimeout: return "timed out";
    case Errc::kUnreachable: return "unreachable";
    case Errc::kBusy: return "busy";
    case Errc::kReadOnly: return "read-only";
    case Errc::kWrongBookie: return "another bookie answers at this address";
    case Errc::kReadFailed: return "read failed on every replica";
    case Errc::kDataLoss: return "every replica denies a confirmed entry";
    case Errc::kRecoveryBlocked: return "recovery is blocked: too few bookies answer";
    case Errc::kTooManyChanges: return "too many ensemble changes";
    case Errc::kMetadataUnavailable: return "metadata store unavailable";
    case Errc::kAmbiguous: return "outcome unknown";
    case Errc::kBadVersion: return "version changed";
    case Errc::kNodeExists: return "path exists";
    case Errc::kNoNode: return "path does not exist";
    case Errc::kNotEmpty: return "path is not empty";
    case Errc::kMetadataConflict: return "ledger was closed at another entry";
    case Errc::kCorrupt: return "corrupt";
    case Errc::kIo: return "input/output error";
    case Errc::kDiskFull: return "no space left on the device";
    case Errc::kWrongInstance: return "belongs to another cluster";
    case Errc::kShutdown: return "shutting down";
    case Errc::kUnsupported: return "unsupported";
  }
  return "unknown error";
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "quire"; }
  std::string message(int value) const override { return Meaning(static_cast<Errc>(value)); }
};

}  // namespace

const std::error_category& QuireCategory() {
  static const Category category;
  return category;
}

std::string Error::ToString() const {
  return context_.empty() ? Meaning(code_) : context_ + ": " + Meaning(code_);
}

std::unexpected<Error> FailErrno(int error_number, std::string_view operation,
                                 std::string_view path) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return Fail(full ? Errc::kDiskFull : Errc::kIo, std::string(operation) + " " + std::string(path) +
                                                      " (" + std::strerror(error_number) + ")");
}

}  // namespace quire::common
