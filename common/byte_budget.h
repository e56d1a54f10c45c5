#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "common/loop.h"

namespace quire::common {

// A bound in bytes that many holders share, and the queue of those who found no room below it.
// Whoever takes asks first: nothing is refused half-way. Loop thread only; held by shared_ptr,
// because what holds bytes may live longer than whoever made the budget.
class ByteBudget : public std::enable_shared_from_this<ByteBudget> {
 public:
  ByteBudget(Loop& loop, std::size_t most) : loop_(loop), most_(most) {}

  std::size_t most() const { return most_; }
  std::size_t used() const { return used_; }
  std::size_t peak() const { return peak_; }  // of used(), since the start

  // Who waits: kFirst, in order, before kUsual, in order. The first are those who bring others on
  // when they get room: they must never wait for somebody who waits for them.
  enum class Turn { kFirst, kUsual };

  // There is room for so many bytes, and nobody waits for it who has his turn before.
  bool Has(std::size_t bytes, Turn turn = Turn::kUsual) const {
    const bool mine = granting_ || (first_.empty() && (turn == Turn::kFirst || usual_.empty()));
    return mine && Fits(bytes);
  }
  // Runs `again` once, in a later turn, when there is room for so many bytes and those who have
  // their turn before had it. It asks Has again. Not for more than most(): that never comes.
  void Await(std::size_t bytes, Task again, Turn turn = Turn::kUsual);
  // Somebody waits: who holds bytes without need should give them back.
  bool awaited() const { return !first_.empty() || !usual_.empty(); }
  // Forgets those who wait.
  void Abandon() {
    first_.clear();
    usual_.clear();
  }

  // Bytes of the budget, for as long as it lives. Changing the size asks nobody.
  class Hold {
   public:
    Hold() = default;
    explicit Hold(std::shared_ptr<ByteBudget> budget, std::size_t bytes = 0)
        : budget_(std::move(budget)) {
      Resize(bytes);
    }
    ~Hold() { Resize(0); }
    Hold(Hold&& other) noexcept
        : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }

    std::size_t bytes() const { return bytes_; }
    void Resize(std::size_t bytes) {
      if (budget_ && bytes != bytes_) budget_->Change(bytes_, bytes);
      if (budget_) bytes_ = bytes;
    }

   private:
    std::shared_ptr<ByteBudget> budget_;  // null: counts nothing
    std::size_t bytes_ = 0;
  };

 private:
  struct Waiter {
    std::size_t bytes;
    Task again;
  };

  bool Fits(std::size_t bytes) const { return bytes <= most_ && used_ <= most_ - bytes; }
  std::deque<Waiter>& next() { return first_.empty() ? usual_ : first_; }
  void Change(std::size_t from, std::size_t to);
  void WakeLater();
  void Wake();

  Loop& loop_;
  const std::size_t most_;
  std::size_t used_ = 0;
  std::size_t peak_ = 0;
  std::deque<Waiter> first_;
  std::deque<Waiter> usual_;
  bool wake_posted_ = false;
  bool granting_ = false;
};

}  // namespace quire::common
