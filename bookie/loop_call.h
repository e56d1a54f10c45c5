#pragma once

#include <future>
#include <memory>
#include <utility>

#include "common/error.h"
#include "common/loop.h"

namespace quire::bookie {

// Runs the function on a running loop and waits for its value. Never on the loop itself.
template <typename Function>
auto RunOn(common::Loop& loop, Function function) {
  std::packaged_task<decltype(function())()> task(std::move(function));
  auto value = task.get_future();
  loop.Post([&task] { task(); });
  return value.get();
}

// Starts a call on the loop, `call(done)`, and waits for what it completes with. The call
// completes.
template <typename T, typename Call>
T Await(common::Loop& loop, Call call) {
  auto promise = std::make_shared<std::promise<T>>();
  auto value = promise->get_future();
  loop.Post([promise, call = std::move(call)]() mutable {
    call(common::Callback<T>([promise](T result) { promise->set_value(std::move(result)); }));
  });
  return value.get();
}

}  // namespace quire::bookie
