#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "metadata/lifetime.h"
#include "metadata/metadata_store.h"

namespace quire::metadata {

// Passes calls on to another store, except that the next writes or reads meet the faults of a
// script.
class FaultyStore final : public MetadataStore {
 public:
  enum class Fault {
    kNone,
    kAppliedAndLost,     // applied, kAmbiguous
    kNotApplied,         // not applied, kAmbiguous
    kAppliedAfterwards,  // kAmbiguous; applied when ApplyLate() is called
    kUnavailable,        // kMetadataUnavailable
    kResent,  // applied; sent again by a wrapper that hides the loss, and that answer (T-27)
  };

  FaultyStore(common::Loop& loop, MetadataStore& under) : loop_(loop), under_(under) {}

  // For the next creates, swaps and deletes of paths that contain `part`, one fault each.
  void Script(std::string part, std::deque<Fault> faults) {
    part_ = std::move(part);
    script_ = std::move(faults);
  }
  void FailReads(int count) { failing_reads_ = count; }
  // Sends what kAppliedAfterwards held back, in order.
  void ApplyLate() {
    for (auto& write : std::exchange(late_, {})) write();
  }
  // Called before each read of a scripted path is passed on.
  void BeforeRead(std::function<void()> hook) { before_read_ = std::move(hook); }
  bool script_done() const { return script_.empty(); }
  int reads() const { return reads_; }
  int writes() const { return writes_; }

  void Create(std::string path, std::string value, NodeKind kind, VersionDone done) override {
    Write<Version>(path, std::move(done), [this, path, value, kind](VersionDone next) {
      under_.Create(path, value, kind, std::move(next));
    });
  }
  void CompareAndSet(std::string path, std::string value, Version expected,
                     VersionDone done) override {
    Write<Version>(path, std::move(done), [this, path, value, expected](VersionDone next) {
      under_.CompareAndSet(path, value, expected, std::move(next));
    });
  }
  void Delete(std::string path, Version expected, Done done) override {
    Write<void>(path, std::move(done), [this, path, expected](Done next) {
      under_.Delete(path, expected, std::move(next));
    });
  }
  void Read(std::string path, ReadDone done) override {
    ++reads_;
    if (path.contains(part_) && failing_reads_ > 0) {
      --failing_reads_;
      return Tell<Versioned>(std::move(done), common::Errc::kMetadataUnavailable);
    }
    if (path.contains(part_) && before_read_) std::exchange(before_read_, nullptr)();
    under_.Read(std::move(path), std::move(done));
  }
  void Multi(std::vector<Op> ops, Done done) override {
    under_.Multi(std::move(ops), std::move(done));
  }
  void List(std::string path, std::string after, std::size_t limit, ListDone done) override {
    under_.List(std::move(path), std::move(after), limit, std::move(done));
  }
  WatchHandle Watch(std::string path, common::Task changed) override {
    return under_.Watch(std::move(path), std::move(changed));
  }
  WatchHandle WatchChildren(std::string path, common::Task changed) override {
    return under_.WatchChildren(std::move(path), std::move(changed));
  }
  WatchHandle OnSession(common::Callback<SessionEvent> event) override {
    return under_.OnSession(std::move(event));
  }

 private:
  template <typename T>
  void Tell(common::Callback<common::Result<T>> done, common::Errc code) {
    loop_.Post(lifetime_.WhileAlive(
        [done = std::move(done), code]() mutable { done(common::Fail(code, "injected")); }));
  }

  template <typename T>
  void Write(const std::string& path, common::Callback<common::Result<T>> done,
             std::function<void(common::Callback<common::Result<T>>)> write) {
    ++writes_;
    Fault fault = Fault::kNone;
    if (path.contains(part_) && !script_.empty()) {
      fault = script_.front();
      script_.pop_front();
    }
    using common::Errc;
    switch (fault) {
      case Fault::kNone: return write(std::move(done));
      case Fault::kAppliedAndLost:
        return write([this, done = std::move(done)](common::Result<T>) mutable {
          Tell<T>(std::move(done), Errc::kAmbiguous);
        });
      case Fault::kNotApplied: return Tell<T>(std::move(done), Errc::kAmbiguous);
      case Fault::kAppliedAfterwards:
        late_.push_back([write] { write([](common::Result<T>) {}); });
        return Tell<T>(std::move(done), Errc::kAmbiguous);
      case Fault::kUnavailable: return Tell<T>(std::move(done), Errc::kMetadataUnavailable);
      case Fault::kResent:
        return write(
            [write, done = std::move(done)](common::Result<T>) mutable { write(std::move(done)); });
    }
  }

  common::Loop& loop_;
  MetadataStore& under_;
  std::string part_;
  std::deque<Fault> script_;
  std::vector<std::function<void()>> late_;
  std::function<void()> before_read_;
  int failing_reads_ = 0;
  int reads_ = 0;
  int writes_ = 0;
  Lifetime lifetime_;
};

}  // namespace quire::metadata
