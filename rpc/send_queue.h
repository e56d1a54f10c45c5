#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace quire::rpc {

// Whole frames that wait to be written, in blocks, and the count of the bytes that wait or are
// being written. What is composed while a write is under way leaves with the next one.
class SendQueue {
 public:
  // Blocks of up to `kept_bytes` are kept when they are written, a few of them: fresh memory costs
  // a page fault for every four KiB.
  explicit SendQueue(std::size_t kept_bytes) : kept_bytes_(kept_bytes) {}

  // Calls write(std::string& out), which appends whole frames to `out`.
  template <typename Write>
  void Compose(Write&& write) {
    if (blocks_.empty() || blocks_.back().size() >= kFullBytes) blocks_.push_back(TakeBlock());
    std::string& out = blocks_.back();
    const std::size_t before = out.size();
    std::forward<Write>(write)(out);
    bytes_ += out.size() - before;
  }

  // An empty string with memory of an earlier block, to fill and Push().
  std::string TakeBlock();
  void Push(std::string block);

  bool empty() const { return blocks_.empty(); }
  // Queued, or taken and not given back yet.
  std::size_t bytes() const { return bytes_; }

  // Takes all blocks, to be written in order...
  std::vector<std::string> Take() { return std::exchange(blocks_, std::move(spare_list_)); }
  // ...and gives them back when they are written.
  void GiveBack(std::vector<std::string> written);
  // Frees the memory that is kept for later blocks.
  void DropSpare() { spare_.clear(); }

 private:
  // A block that is large enough for a system call of its own.
  static constexpr std::size_t kFullBytes = std::size_t{256} * 1024;
  static constexpr std::size_t kKeptBlocks = 4;

  std::size_t kept_bytes_;
  std::vector<std::string> blocks_;
  std::vector<std::string> spare_;
  std::vector<std::string> spare_list_;  // empty; its memory is used again
  std::size_t bytes_ = 0;
};

}  // namespace quire::rpc
