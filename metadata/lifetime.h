#pragma once

#include <memory>
#include <utility>

namespace quire::metadata {

// A member that makes the callbacks of its owner harmless for the time after the owner. Declared
// last, so that it ends first. The owner ends on its loop, and the callbacks run there; they may be
// made on any thread while the owner is known to live.
class Lifetime {
 public:
  Lifetime() : token_(std::make_shared<char>()) {}
  Lifetime(const Lifetime&) = delete;
  Lifetime& operator=(const Lifetime&) = delete;

  template <typename F>
  auto WhileAlive(F function) const {
    return [alive = std::weak_ptr<char>(token_),
            function = std::move(function)]<typename... A>(A&&... arguments) mutable {
      if (!alive.expired()) function(std::forward<A>(arguments)...);
    };
  }

 private:
  const std::shared_ptr<char> token_;
};

}  // namespace quire::metadata
