#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "common/error.h"

namespace quire::tools {

// Keeps the first of the errors that several threads meet. Thread-safe.
class FirstError {
 public:
  void Note(const common::Error& error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = error;
    any_.store(true, std::memory_order_relaxed);
  }
  bool any() const { return any_.load(std::memory_order_relaxed); }
  std::optional<common::Error> error() const {
    const std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<common::Error> error_;  // guarded by mutex_
  std::atomic<bool> any_ = false;
};

}  // namespace quire::tools
