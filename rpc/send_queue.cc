#include "rpc/send_queue.h"

namespace quire::rpc {

std::string SendQueue::TakeBlock() {
  if (spare_.empty()) return {};
  std::string block = std::move(spare_.back());
  spare_.pop_back();
  return block;
}

void SendQueue::Push(std::string block) {
  bytes_ += block.size();
  blocks_.push_back(std::move(block));
}

void SendQueue::GiveBack(std::vector<std::string> written) {
  for (std::string& block : written) {
    bytes_ -= block.size();
    if (spare_.size() == kKeptBlocks || block.capacity() > kept_bytes_) continue;
    block.clear();
    spare_.push_back(std::move(block));
  }
  written.clear();
  spare_list_ = std::move(written);
}

}  // namespace quire::rpc
