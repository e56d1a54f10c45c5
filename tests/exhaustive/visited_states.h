#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace quire::exhaustive {

// The states seen so far by their hashes, each with the step that led to it first: enough to walk
// back to the beginning. About 24 bytes for each state.
class VisitedStates {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  VisitedStates();

  // The number of a new state; kNone when it was there.
  std::uint32_t Insert(std::uint64_t hash, std::uint32_t parent, std::uint16_t move);

  std::uint32_t ParentOf(std::uint32_t state) const { return nodes_[state].parent; }
  std::uint16_t MoveTo(std::uint32_t state) const { return nodes_[state].move; }

  std::size_t size() const { return nodes_.size(); }
  std::size_t memory() const {
    return nodes_.size() * sizeof(Node) + table_.size() * sizeof(std::uint32_t);
  }

 private:
  struct Node {
    std::uint64_t hash;
    std::uint32_t parent;
    std::uint16_t move;
  };

  std::size_t PlaceOf(std::uint64_t hash) const;
  void Grow();

  std::deque<Node> nodes_;
  std::vector<std::uint32_t> table_;  // open addressing, at most three quarters full
};

}  // namespace quire::exhaustive
