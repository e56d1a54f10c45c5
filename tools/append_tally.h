#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "client/types.h"
#include "tools/ack_log.h"

namespace quire::tools {

// What became of the appends of one writer. OnResult runs on the client's thread; the rest on
// another.
class AppendTally {
 public:
  // `log` is told of each acknowledgement; may be null.
  explicit AppendTally(AckLog* log);
  ~AppendTally();
  AppendTally(const AppendTally&) = delete;
  AppendTally& operator=(const AppendTally&) = delete;

  void OnBegin();
  void OnResult(const client::AppendResult& result, std::size_t payload);

  // Waits until every append that was begun has ended.
  void AwaitAll();
  // The first that did not end well. nullopt so far.
  std::optional<client::AppendResult> failure();
  // Readable from the first failure on: wakes a wait for input.
  int failure_fd() const { return failure_fd_; }

  struct Counts {
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
  };
  Counts acknowledged();

 private:
  AckLog* const log_;
  const int failure_fd_;

  std::mutex mutex_;
  std::condition_variable ended_;
  // Guarded by mutex_.
  std::int64_t pending_ = 0;
  Counts acknowledged_;
  std::optional<client::AppendResult> failure_;
};

}  // namespace quire::tools
