#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <system_error>

namespace quire::common {

// Every expected failure of Quire. The name says what happened; Error::context says where and what
// to do about it. Broken invariants are not errors: see check.h.
enum class Errc {
  kInvalidArgument = 1,  // the caller asked for something that can never work
  kNotEnoughBookies,     // fewer usable bookies than the ensemble needs
  kEntryTooLarge,        // payload above protocol::kMaxPayloadBytes
  kNoSuchLedger,         // certain: the ledger does not exist (or was deleted)
  kNoSuchEntry,          // certain: the entry is not part of the ledger
  kLedgerExists,         // create with an id that is taken
  kLedgerClosed,         // append to a closed handle or ledger
  kFenced,               // somebody recovered the ledger; this writer must stop
  kUnauthorized,         // the ledger key does not match
  kConflict,             // the same entry id with other bytes
  kTimeout,              // no answer in time; the outcome is unknown
  kUnreachable,          // no connection; what was sent may or may not have arrived
  kBusy,                 // over a bound; try again later
  kReadOnly,             // the bookie takes no new entries
  kWrongBookie,          // the process at that address is not that incarnation of the bookie
  kReadFailed,           // no replica gave the entry, and at least one could not say (retryable)
  kDataLoss,             // every replica denies an entry that was confirmed: raise an alarm
  kRecoveryBlocked,      // too few bookies answered to decide the end of the ledger (retryable)
  kTooManyChanges,       // the ensemble changed more often than the writer allows
  kMetadataUnavailable,  // the metadata store cannot be reached; nothing was decided
  kAmbiguous,            // a metadata write whose outcome is not known
  kBadVersion,           // compare-and-swap: somebody else wrote first
  kNodeExists,           // metadata path exists
  kNoNode,               // metadata path does not exist
  kNotEmpty,             // metadata path has children
  kMetadataConflict,     // the ledger was closed at another end than ours
  kCorrupt,              // bytes that fail their check
  kIo,                   // the operating system refused a read, write or sync
  kDiskFull,             // no space left
  kWrongInstance,        // a directory or bookie of another cluster
  kShutdown,             // the client, bookie or session is stopping
  kUnsupported,          // a format or feature this version does not know
};

const std::error_category& QuireCategory();
inline std::error_code make_error_code(Errc e) {
  return {static_cast<int>(e), QuireCategory()};
}

// An error code plus one clear line for a person. Cheap to move, compared by code.
class [[nodiscard]] Error {
 public:
  Error(Errc code, std::string context) : code_(code), context_(std::move(context)) {}
  explicit Error(Errc code) : code_(code) {}

  Errc code() const { return code_; }
  std::error_code error_code() const { return make_error_code(code_); }
  const std::string& context() const { return context_; }

  // "<context>: <what the code means>", or only the meaning when there is no context.
  std::string ToString() const;

 private:
  Errc code_;
  std::string context_;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> Fail(Errc code, std::string context) {
  return std::unexpected<Error>(Error(code, std::move(context)));
}
inline std::unexpected<Error> Fail(Errc code) {
  return std::unexpected<Error>(Error(code));
}
inline std::unexpected<Error> Fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

// Fail with what errno says about an operation on a file: kDiskFull for ENOSPC and EDQUOT, else
// kIo.
std::unexpected<Error> FailErrno(int error_number, std::string_view operation,
                                 std::string_view path);

}  // namespace quire::common

template <>
struct std::is_error_code_enum<quire::common::Errc> : std::true_type {};

// Leave the function with the error of a Result expression. The only control-flow macro.
#define QUIRE_TRY(expression)                                                  \
  do {                                                                         \
    if (auto quire_try_result = (expression); !quire_try_result.has_value()) { \
      return ::quire::common::Fail(std::move(quire_try_result).error());       \
    }                                                                          \
  } while (false)
