#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "common/error.h"
#include "tools/first_error.h"

namespace quire::tools {

// The threads of a load, each of which does one thing after the other until the end, or until one
// fails. The last member of its owner: what the threads use outlives them.
class LoadThreads {
 public:
  // `run` is called on `count` threads, with the number of the thread, and returns once stopping().
  void Begin(int count, const std::function<common::Result<void>(int)>& run) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, run, i] {
        if (const auto ran = run(i); !ran) error_.Note(ran.error());
      });
    }
  }
  ~LoadThreads() { stop_ = true; }

  // Any thread. Note() is for what fails beside `run`.
  bool stopping() const { return stop_; }
  bool failed() const { return error_.any(); }
  void Note(const common::Error& error) { error_.Note(error); }

  // Stops and joins them. The first error.
  std::optional<common::Error> End() {
    stop_ = true;
    threads_.clear();
    return error_.error();
  }

 private:
  std::atomic<bool> stop_ = false;
  FirstError error_;
  std::vector<std::jthread> threads_;
};

}  // namespace quire::tools
