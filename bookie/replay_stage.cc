#include "bookie/replay_stage.h"

#include <utility>

#include "common/check.h"

namespace quire::bookie {

void StagedLoop::Post(common::Task task) {
  if (live_) return loop_.Post(std::move(task));
  posted_.push_back(std::move(task));
}

common::Loop::TimerId StagedLoop::After(common::Duration delay, common::Task task) {
  QUIRE_CHECK(live_);
  return loop_.After(delay, std::move(task));
}

void StagedLoop::Cancel(TimerId id) {
  QUIRE_CHECK(live_);
  loop_.Cancel(id);
}

bool StagedLoop::Pump() {
  const bool any = !posted_.empty();
  while (!posted_.empty()) {
    common::Task task = std::move(posted_.front());
    posted_.pop_front();
    task();
  }
  return any;
}

void StagedLoop::GoLive() {
  live_ = true;
  for (common::Task& task : posted_) loop_.Post(std::move(task));
  posted_.clear();
}

void StagedWorker::Submit(common::Task job) {
  if (live_) return worker_.Submit(std::move(job));
  jobs_.push_back(std::move(job));
  if (running_) return;  // one at a time, in order, as a thread would
  running_ = true;
  while (!jobs_.empty()) {
    common::Task next = std::move(jobs_.front());
    jobs_.pop_front();
    next();
  }
  running_ = false;
}

ReplayStage::ReplayStage(common::Loop& real_loop, common::Worker& real_flush,
                         const std::vector<common::Worker*>& real_readers)
    : loop(real_loop), flush(real_flush) {
  for (common::Worker* reader : real_readers) {
    readers.push_back(std::make_unique<StagedWorker>(*reader));
  }
}

std::vector<common::Worker*> ReplayStage::Readers() const {
  std::vector<common::Worker*> all;
  all.reserve(readers.size());
  for (const auto& reader : readers) all.push_back(reader.get());
  return all;
}

void ReplayStage::GoLive() {
  flush.GoLive();
  for (const auto& reader : readers) reader->GoLive();
  loop.GoLive();
}

void ReplayStage::Retire(const std::shared_ptr<ReplayStage>& stage) {
  stage->flush.real().Submit([stage] {});
  for (const auto& reader : stage->readers) reader->real().Submit([stage] {});
}

}  // namespace quire::bookie
