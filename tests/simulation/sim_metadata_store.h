#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "metadata/metadata_store.h"
#include "tests/simulation/sim_loop.h"
#include "tests/simulation/sim_metadata.h"

namespace quire::simulation {

// One session of one process with the simulated metadata servers. Calls take time on the way there
// and back, in no order among each other; the profile says how often one ends with kAmbiguous
// (applied or not, or applied later) or kMetadataUnavailable, how often the servers are out of
// reach and how often the session expires. When the process is killed its session ends some seconds
// later; when only the store goes, at once. After it nothing is called any more.
class SimMetadataStore final : public metadata::MetadataStore, private Mortal {
 public:
  SimMetadataStore(SimMetadata& servers, SimLoop& process);
  ~SimMetadataStore() override;
  SimMetadataStore(const SimMetadataStore&) = delete;
  SimMetadataStore& operator=(const SimMetadataStore&) = delete;

  void Create(std::string path, std::string value, metadata::NodeKind kind,
              VersionDone done) override;
  void Read(std::string path, ReadDone done) override;
  void CompareAndSet(std::string path, std::string value, metadata::Version expected,
                     VersionDone done) override;
  void Delete(std::string path, metadata::Version expected, Done done) override;
  void Multi(std::vector<metadata::Op> ops, Done done) override;
  void List(std::string path, std::string after, std::size_t limit, ListDone done) override;
  WatchHandle Watch(std::string path, common::Task changed) override;
  WatchHandle WatchChildren(std::string path, common::Task changed) override;
  WatchHandle OnSession(common::Callback<metadata::SessionEvent> event) override;

  // The connection breaks for so long: calls under way end with kAmbiguous, or kMetadataUnavailable
  // if they only read, and what they wrote may be applied all the same; new ones are refused.
  void LoseConnection(common::Duration outage);
  // The servers end the session, now: ephemeral nodes go. The process learns of it later.
  void ExpireSession();

  SessionId session() const { return session_; }

 private:
  friend class SimMetadata;

  using AnswerDone = common::Callback<common::Result<MetadataAnswer>>;
  struct Pending {
    bool is_write;
    AnswerDone done;
  };
  struct Watcher {
    std::string path;
    bool children;
    common::Task changed;  // empty: was called
    bool fires = false;    // an event is under way
  };
  struct Listener {
    common::Callback<metadata::SessionEvent> event;
  };

  // For the servers.
  void OnMutation(const Mutation& mutation);
  void Heal();
  void OnKill() override;

  void Call(common::Result<void> check, MetadataRequest request, AnswerDone done);
  void FinishLater(std::uint64_t id, common::Duration delay, common::Result<MetadataAnswer> answer);
  void Finish(std::uint64_t id, common::Result<MetadataAnswer> answer);
  void EndAllCalls();
  void Reconnect(std::uint64_t outage);
  void ScheduleOutage();
  void ScheduleExpiry();
  WatchHandle AddWatcher(std::string path, bool children, common::Task changed);
  void FireLater(const std::shared_ptr<Watcher>& watcher, common::Duration delay);
  void Notify(metadata::SessionEvent event);
  common::Duration Delay();
  const FaultProfile& profile() const { return servers_.profile_; }

  SimMetadata& servers_;
  SimLoop& process_;
  SimScheduler& scheduler_;
  // Events look whether the store is still there.
  const std::shared_ptr<char> alive_ = std::make_shared<char>();

  SessionId session_;
  std::uint64_t outages_ = 0;  // the last one; calls are refused while it lasts
  bool connected_ = true;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t last_call_ = 0;
  std::vector<std::weak_ptr<Watcher>> watchers_;
  std::vector<std::weak_ptr<Listener>> listeners_;
};

}  // namespace quire::simulation
