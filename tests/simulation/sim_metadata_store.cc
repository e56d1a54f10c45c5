#include "tests/simulation/sim_metadata_store.h"

#include <chrono>
#include <string_view>
#include <utility>

#include "metadata/call_check.h"

namespace quire::simulation {
namespace {

using common::Errc;
using common::Result;
using metadata::SessionEvent;
using std::chrono::milliseconds;

constexpr milliseconds kSessionTimeout{6000};
constexpr milliseconds kTypicalOutage{20};
// A hint or a write that is late comes so much later, typically.
constexpr int kLateHint = 100;
constexpr int kLateWrite = 40;

bool IsChildOf(std::string_view path, std::string_view parent) {
  const std::size_t slash = path.rfind('/');
  return path != "/" && path.substr(0, slash == 0 ? 1 : slash) == parent;
}

// Picks out of the answer what the call is about.
template <typename T, typename Convert>
common::Callback<Result<MetadataAnswer>> Adapt(common::Callback<Result<T>> done, Convert convert) {
  return [done = std::move(done), convert](Result<MetadataAnswer> answer) mutable {
    if (!answer) return done(common::Fail(std::move(answer).error()));
    done(convert(*answer));
  };
}
constexpr auto kNothing = [](MetadataAnswer&) { return Result<void>(); };
constexpr auto kVersion = [](MetadataAnswer& answer) { return answer.version; };

}  // namespace

SimMetadataStore::SimMetadataStore(SimMetadata& servers, SimLoop& process)
    : servers_(servers),
      process_(process),
      scheduler_(process.scheduler()),
      session_(servers.OpenSession(*this)) {
  process_.Attach(*this);
  ScheduleOutage();
  ScheduleExpiry();
}

SimMetadataStore::~SimMetadataStore() {
  process_.Detach(*this);
  servers_.Forget(*this);
  if (process_.alive()) servers_.EndSession(session_);
}

// The servers hear nothing any more and give the session its time.
void SimMetadataStore::OnKill() {
  servers_.Forget(*this);
  const milliseconds spread(common::Below(scheduler_.random(), kSessionTimeout.count()));
  scheduler_.After(kSessionTimeout + spread, nullptr,
                   [servers = &servers_, session = session_] { servers->EndSession(session); });
  const auto dropped = std::exchange(pending_, {});
}

void SimMetadataStore::ScheduleOutage() {
  if (profile().outage_every == common::Duration(0)) return;
  scheduler_.After(HeavyTail(scheduler_.random(), profile().outage_every), &process_,
                   [this, alive = std::weak_ptr(alive_)] {
                     if (alive.expired() || servers_.healed()) return;
                     ScheduleOutage();
                     LoseConnection(HeavyTail(scheduler_.random(), kTypicalOutage));
                   });
}

void SimMetadataStore::ScheduleExpiry() {
  if (profile().expiry_every == common::Duration(0)) return;
  scheduler_.After(HeavyTail(scheduler_.random(), profile().expiry_every), &process_,
                   [this, alive = std::weak_ptr(alive_)] {
                     if (alive.expired() || servers_.healed()) return;
                     ScheduleExpiry();
                     ExpireSession();
                   });
}

common::Duration SimMetadataStore::Delay() {
  return HeavyTail(scheduler_.random(), profile().metadata_delay);
}

void SimMetadataStore::Create(std::string path, std::string value, metadata::NodeKind kind,
                              VersionDone done) {
  auto check = metadata::CheckCreate(path, value);
  MetadataRequest request{
      .kind = MetadataRequest::Kind::kCreate, .path = std::move(path), .value = std::move(value)};
  if (kind == metadata::NodeKind::kEphemeral) request.owner = session_;
  Call(std::move(check), std::move(request), Adapt(std::move(done), kVersion));
}

void SimMetadataStore::Read(std::string path, ReadDone done) {
  auto check = metadata::CheckRead(path);
  Call(std::move(check), {.kind = MetadataRequest::Kind::kRead, .path = std::move(path)},
       Adapt(std::move(done), [](MetadataAnswer& answer) {
         return metadata::Versioned{std::move(answer.value), answer.version};
       }));
}

void SimMetadataStore::CompareAndSet(std::string path, std::string value,
                                     metadata::Version expected, VersionDone done) {
  auto check = metadata::CheckChange(path, value, expected);
  Call(std::move(check),
       {.kind = MetadataRequest::Kind::kCompareAndSet,
        .path = std::move(path),
        .value = std::move(value),
        .version = expected},
       Adapt(std::move(done), kVersion));
}

void SimMetadataStore::Delete(std::string path, metadata::Version expected, Done done) {
  auto check = metadata::CheckChange(path, "", expected);
  Call(std::move(check),
       {.kind = MetadataRequest::Kind::kDelete, .path = std::move(path), .version = expected},
       Adapt(std::move(done), kNothing));
}

void SimMetadataStore::Multi(std::vector<metadata::Op> ops, Done done) {
  auto check = metadata::CheckMulti(ops);
  Call(std::move(check), {.kind = MetadataRequest::Kind::kMulti, .ops = std::move(ops)},
       Adapt(std::move(done), kNothing));
}

void SimMetadataStore::List(std::string path, std::string after, std::size_t limit, ListDone done) {
  auto check = metadata::CheckRead(path);
  Call(std::move(check),
       {.kind = MetadataRequest::Kind::kList,
        .path = std::move(path),
        .after = std::move(after),
        .limit = limit},
       Adapt(std::move(done), [](MetadataAnswer& answer) { return std::move(answer.names); }));
}

void SimMetadataStore::Call(Result<void> check, MetadataRequest request, AnswerDone done) {
  if (!process_.alive()) return;
  const std::uint64_t id = ++last_call_;
  const bool is_write = request.is_write();
  pending_.emplace(id, Pending{.is_write = is_write, .done = std::move(done)});
  if (!check) return FinishLater(id, {}, common::Fail(std::move(check).error()));
  common::Random& random = scheduler_.random();
  if (!connected_ || Chance(random, profile().unavailable)) {
    return FinishLater(id, Delay(), common::Fail(Errc::kMetadataUnavailable, request.path));
  }
  if (is_write && Chance(random, profile().ambiguous)) {
    FinishLater(id, Delay() * 3, common::Fail(Errc::kAmbiguous, request.path));
    switch (common::Below(random, 3)) {
      case 0: return;  // never applied
      case 1: return servers_.ApplyLater(session_, std::move(request), Delay() * kLateWrite);
      default: return servers_.ApplyLater(session_, std::move(request), Delay());
    }
  }
  // Sent is sent: it arrives as long as the servers know the session. If they do not any more, the
  // process hears of that and ends the call.
  scheduler_.After(Delay(), nullptr,
                   [servers = &servers_, this, alive = std::weak_ptr(alive_), id,
                    session = session_, request = std::move(request)] {
                     if (!servers->HasSession(session)) return;
                     auto answer = servers->Apply(request);
                     if (alive.expired() || !process_.alive()) return;
                     FinishLater(id, Delay(), std::move(answer));
                   });
}

void SimMetadataStore::FinishLater(std::uint64_t id, common::Duration delay,
                                   Result<MetadataAnswer> answer) {
  scheduler_.After(delay, &process_,
                   [this, alive = std::weak_ptr(alive_), id, answer = std::move(answer)]() mutable {
                     if (!alive.expired()) Finish(id, std::move(answer));
                   });
}

void SimMetadataStore::Finish(std::uint64_t id, Result<MetadataAnswer> answer) {
  auto call = pending_.extract(id);
  if (call.empty()) return;  // ended when the connection broke
  scheduler_.Fold(answer ? 0 : static_cast<std::uint64_t>(answer.error().code()));
  call.mapped().done(std::move(answer));
}

void SimMetadataStore::EndAllCalls() {
  for (const auto& [id, call] : pending_) {
    const Errc code = call.is_write ? Errc::kAmbiguous : Errc::kMetadataUnavailable;
    FinishLater(id, Delay(), common::Fail(code, "the connection broke"));
  }
}

void SimMetadataStore::LoseConnection(common::Duration outage) {
  if (!process_.alive()) return;
  servers_.trace_.Line(process_.name(), " loses its metadata connection");
  if (std::exchange(connected_, false)) Notify(SessionEvent::kDisconnected);
  EndAllCalls();
  const std::uint64_t id = ++outages_;
  if (outage > kSessionTimeout) {
    scheduler_.After(kSessionTimeout, nullptr, [this, alive = std::weak_ptr(alive_), id] {
      if (!alive.expired() && !connected_ && outages_ == id) servers_.EndSession(session_);
    });
  }
  scheduler_.After(outage, &process_, [this, alive = std::weak_ptr(alive_), id] {
    if (!alive.expired()) Reconnect(id);
  });
}

void SimMetadataStore::Reconnect(std::uint64_t outage) {
  if (connected_ || outage != outages_) return;
  connected_ = true;
  if (servers_.HasSession(session_)) return Notify(SessionEvent::kConnected);
  session_ = servers_.OpenSession(*this);
  servers_.trace_.Line(process_.name(), " has the new metadata session ", session_);
  EndAllCalls();
  for (const auto& weak : watchers_) {
    if (const auto watcher = weak.lock()) FireLater(watcher, Delay());
  }
  Notify(SessionEvent::kNewSession);
}

void SimMetadataStore::ExpireSession() {
  servers_.EndSession(session_);
  LoseConnection(Delay() * 4);
}

void SimMetadataStore::Heal() {
  if (!connected_) {
    scheduler_.After(Delay(), &process_, [this, alive = std::weak_ptr(alive_), id = outages_] {
      if (!alive.expired()) Reconnect(id);
    });
  }
  for (const auto& weak : watchers_) {
    const auto watcher = weak.lock();
    if (watcher && watcher->fires) FireLater(watcher, Delay());
  }
}

metadata::MetadataStore::WatchHandle SimMetadataStore::Watch(std::string path,
                                                             common::Task changed) {
  return AddWatcher(std::move(path), false, std::move(changed));
}

metadata::MetadataStore::WatchHandle SimMetadataStore::WatchChildren(std::string path,
                                                                     common::Task changed) {
  return AddWatcher(std::move(path), true, std::move(changed));
}

metadata::MetadataStore::WatchHandle SimMetadataStore::AddWatcher(std::string path, bool children,
                                                                  common::Task changed) {
  auto watcher = std::make_shared<Watcher>(
      Watcher{.path = std::move(path), .children = children, .changed = std::move(changed)});
  std::erase_if(watchers_, [](const auto& weak) { return weak.expired(); });
  watchers_.push_back(watcher);
  // A session that has ended sees no changes; its end is one.
  if (!servers_.HasSession(session_)) watcher->fires = true;
  return watcher;
}

void SimMetadataStore::OnMutation(const Mutation& mutation) {
  const bool comes_or_goes = !mutation.before || !mutation.after;
  for (const auto& weak : watchers_) {
    const auto watcher = weak.lock();
    if (!watcher || watcher->fires) continue;
    const bool own = mutation.path == watcher->path;
    const bool seen =
        watcher->children ? comes_or_goes && (own || IsChildOf(mutation.path, watcher->path)) : own;
    if (!seen) continue;
    watcher->fires = true;
    const bool late = Chance(scheduler_.random(), profile().late_watch);
    FireLater(watcher, late ? Delay() * kLateHint : Delay());
  }
}

void SimMetadataStore::FireLater(const std::shared_ptr<Watcher>& watcher, common::Duration delay) {
  scheduler_.After(delay, &process_,
                   [this, alive = std::weak_ptr(alive_), weak = std::weak_ptr(watcher)] {
                     const auto watcher = weak.lock();
                     if (alive.expired() || !watcher || !watcher->changed) return;
                     // Without a connection no hint comes through; the end of the outage brings it.
                     if (!connected_) return FireLater(watcher, Delay());
                     std::exchange(watcher->changed, nullptr)();
                   });
}

metadata::MetadataStore::WatchHandle SimMetadataStore::OnSession(
    common::Callback<SessionEvent> event) {
  auto listener = std::make_shared<Listener>(Listener{std::move(event)});
  std::erase_if(listeners_, [](const auto& weak) { return weak.expired(); });
  listeners_.push_back(listener);
  return listener;
}

void SimMetadataStore::Notify(SessionEvent event) {
  for (const auto& weak : listeners_) {
    process_.Post([weak, event] {
      if (const auto listener = weak.lock()) listener->event(event);
    });
  }
}

}  // namespace quire::simulation
