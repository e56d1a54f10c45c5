#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/simulation/fault_profile.h"
#include "tests/simulation/sim_metadata_tree.h"
#include "tests/simulation/sim_scheduler.h"
#include "tests/simulation/trace.h"

namespace quire::simulation {

class SimMetadataStore;

// The metadata servers of a simulated world: one linearizable tree that never fails itself. What
// fails is the way to it, in the sessions (SimMetadataStore), which it outlives.
class SimMetadata {
 public:
  SimMetadata(SimScheduler& scheduler, FaultProfile profile, Trace& trace);
  SimMetadata(const SimMetadata&) = delete;
  SimMetadata& operator=(const SimMetadata&) = delete;

  // Sees every change in the order applied, when it is applied.
  void OnMutation(std::function<void(const Mutation&)> observer) {
    observer_ = std::move(observer);
  }

  // Reads and lists come from a follower that lags: what a client of ZooKeeper gets that does not
  // ask for a sync first. For mutants (T-30).
  void UseStaleReads();

  // A node that is there before anybody comes.
  void Plant(std::string path, std::string value) {
    (void)Apply({.kind = MetadataRequest::Kind::kCreate,
                 .path = std::move(path),
                 .value = std::move(value)});
  }

  // Ends all faults for ever: outages end, writes that were to be applied later are applied or
  // refused soon, hints arrive.
  void Heal();
  bool healed() const { return healed_; }

  // The value now, past all faults; null: no such node.
  const std::string* Find(std::string_view path) const { return tree_.Find(path); }
  std::uint64_t applied() const { return applied_; }  // changes

 private:
  friend class SimMetadataStore;

  struct LateWrite {
    std::uint64_t id;
    SessionId session;
    MetadataRequest request;
    bool overtaken = false;  // a node was made at its path since it was sent
  };

  // For the sessions.
  SessionId OpenSession(SimMetadataStore& store);
  // The store knows no more of its session; ephemeral nodes stay until it is ended.
  void Forget(SimMetadataStore& store) { std::erase(stores_, &store); }
  void EndSession(SessionId session);
  bool HasSession(SessionId session) const { return sessions_.contains(session); }
  common::Result<MetadataAnswer> Apply(const MetadataRequest& request);
  // A write whose answer is lost.
  void ApplyLater(SessionId session, MetadataRequest request, common::Duration delay);

  void ApplyLate(std::uint64_t id);
  void Publish(const std::vector<Mutation>& mutations);

  SimScheduler& scheduler_;
  FaultProfile profile_;
  Trace& trace_;
  std::function<void(const Mutation&)> observer_;

  SimMetadataTree tree_;
  bool stale_reads_ = false;
  SimMetadataTree follower_;  // with stale reads
  std::set<SessionId> sessions_;
  SessionId last_session_ = 0;
  std::vector<SimMetadataStore*> stores_;
  std::vector<LateWrite> late_;
  std::uint64_t last_late_ = 0;
  std::uint64_t applied_ = 0;
  bool healed_ = false;
};

}  // namespace quire::simulation
