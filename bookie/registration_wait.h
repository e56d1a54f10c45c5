#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "common/error.h"
#include "common/loop.h"

namespace quire::bookie {

// The start of a daemon waits here, on its own thread, until the bookies of all its directories are
// registered; the loop tells how far they are.
class RegistrationWait {
 public:
  explicit RegistrationWait(std::size_t bookies) : left_(bookies) {}
  RegistrationWait(const RegistrationWait&) = delete;
  RegistrationWait& operator=(const RegistrationWait&) = delete;

  // One bookie is registered, or never will be.
  void Done(const common::Result<void>& outcome);
  // Another daemon holds the registration of a bookie; said by the error if it keeps it.
  void Elsewhere(std::string who);

  // The first error; kWrongBookie: elsewhere for longer than `limit`; kMetadataUnavailable: not
  // registered within it for another reason; kShutdown: interrupted (asked now and then).
  common::Result<void> Await(common::Duration limit, const std::function<bool()>& interrupted);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t left_;                     // guarded by mutex_
  std::optional<common::Error> failed_;  // guarded by mutex_
  std::string elsewhere_;                // guarded by mutex_
};

}  // namespace quire::bookie
