#include "tests/simulation/sim_metadata.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/sim_metadata_store.h"

namespace quire::simulation {
namespace {

constexpr PerMillion kFollowerCatchesUp = 300'000;

}  // namespace

SimMetadata::SimMetadata(SimScheduler& scheduler, FaultProfile profile, Trace& trace)
    : scheduler_(scheduler), profile_(std::move(profile)), trace_(trace) {}

void SimMetadata::UseStaleReads() {
  stale_reads_ = true;
  follower_ = tree_;
}

SessionId SimMetadata::OpenSession(SimMetadataStore& store) {
  if (std::ranges::find(stores_, &store) == stores_.end()) stores_.push_back(&store);
  sessions_.insert(++last_session_);
  return last_session_;
}

void SimMetadata::EndSession(SessionId session) {
  if (sessions_.erase(session) == 0) return;
  trace_.Line("metadata session ", session, " ends");
  std::vector<Mutation> mutations;
  tree_.RemoveOwned(session, mutations);
  Publish(mutations);
}

common::Result<MetadataAnswer> SimMetadata::Apply(const MetadataRequest& request) {
  std::vector<Mutation> mutations;
  if (stale_reads_ && !request.is_write()) return follower_.Apply(request, mutations);
  auto answer = tree_.Apply(request, mutations);
  Publish(mutations);
  return answer;
}

void SimMetadata::Publish(const std::vector<Mutation>& mutations) {
  for (const Mutation& mutation : mutations) {
    ++applied_;
    trace_.Line("metadata ", mutation.path, mutation.after ? " version " : " deleted at version ",
                mutation.version.value);
    for (LateWrite& late : late_) {
      late.overtaken = late.overtaken || (mutation.after && late.request.path == mutation.path);
    }
    if (observer_) observer_(mutation);
    // A hint may end a store or make one.
    const auto stores = stores_;
    for (SimMetadataStore* store : stores) store->OnMutation(mutation);
  }
  if (stale_reads_ && Chance(scheduler_.random(), kFollowerCatchesUp)) follower_ = tree_;
}

void SimMetadata::ApplyLater(SessionId session, MetadataRequest request, common::Duration delay) {
  const std::uint64_t id = ++last_late_;
  late_.push_back({.id = id, .session = session, .request = std::move(request)});
  scheduler_.After(delay, nullptr, [this, id] { ApplyLate(id); });
}

// As the servers do with a request that lay in a queue: it is refused when the session has ended
// since, and else judged by the versions of now. A create has no version. Only the session that
// sent it can have made the node since, by trying again, and the servers take the writes of a
// session in the order they were sent: a create that was overtaken never comes, even when the node
// is gone again.
void SimMetadata::ApplyLate(std::uint64_t id) {
  const auto late = std::ranges::find(late_, id, &LateWrite::id);
  if (late == late_.end()) return;
  const LateWrite write = std::move(*late);
  late_.erase(late);
  if (!HasSession(write.session)) return;
  if (write.overtaken && write.request.kind == MetadataRequest::Kind::kCreate) return;
  const bool applied = Apply(write.request).has_value();
  trace_.Line("late write of session ", write.session, " to ", write.request.path,
              applied ? " was applied" : " was refused");
}

void SimMetadata::Heal() {
  trace_.Line("the metadata store heals");
  healed_ = true;
  stale_reads_ = false;  // the follower has caught up
  profile_.ambiguous = profile_.unavailable = profile_.late_watch = 0;
  profile_.outage_every = profile_.expiry_every = common::Duration(0);
  for (const LateWrite& write : late_) {
    scheduler_.After(HeavyTail(scheduler_.random(), profile_.metadata_delay), nullptr,
                     [this, id = write.id] { ApplyLate(id); });
  }
  const auto stores = stores_;
  for (SimMetadataStore* store : stores) store->Heal();
}

}  // namespace quire::simulation
