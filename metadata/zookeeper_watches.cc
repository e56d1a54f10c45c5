#include "metadata/zookeeper_watches.h"

#include <utility>
#include <vector>

namespace quire::metadata {

using Code = ZookeeperSession::Code;

MetadataStore::WatchHandle ZookeeperWatches::Add(ZookeeperSession* session, bool connected,
                                                 const WatchKey& key, common::Task changed) {
  auto handle = table_.Add(key, std::move(changed));
  if (armed_.contains(key)) return handle;
  armed_[key] = Armed::kNotYet;
  if (connected) Arm(*session, key);
  return handle;
}

void ZookeeperWatches::Connected(ZookeeperSession& session) {
  std::vector<WatchKey> lost;
  for (const auto& [key, armed] : armed_) {
    if (armed == Armed::kNotYet) Arm(session, key);
    if (armed == Armed::kLost) lost.push_back(key);
  }
  for (const WatchKey& key : lost) Fire(key);
}

void ZookeeperWatches::Changed(const ZookeeperSession::Event& event) {
  const WatchKey node{event.path, WatchKind::kNode};
  const WatchKey children{event.path, WatchKind::kChildren};
  if (!event.children) Fire(node);
  // The children of a path that was not there are watched through its creation.
  if (event.children || event.created || event.deleted) Fire(children);
}

void ZookeeperWatches::Arm(ZookeeperSession& session, const WatchKey& key) {
  armed_[key] = Armed::kSent;
  const auto answered = [this, &session, key](const ZookeeperSession::Reply& reply) {
    Answered(session, key, reply.code);
  };
  key.kind == WatchKind::kNode ? session.WatchNode(key.path, answered)
                               : session.WatchChildren(key.path, answered);
}

void ZookeeperWatches::Answered(ZookeeperSession& session, const WatchKey& key, Code code) {
  // Fired meanwhile, by an event that overtook the answer.
  if (!armed_.contains(key)) return;
  switch (code) {
    case Code::kOk: armed_[key] = Armed::kYes; return;
    case Code::kNoNode:
      if (key.kind == WatchKind::kNode) {
        armed_[key] = Armed::kYes;
        return;
      }
      // Without the node there is no list to watch: watch for the node.
      session.WatchNode(key.path, [this, key](const ZookeeperSession::Reply& reply) {
        if (!armed_.contains(key)) return;
        if (reply.code == Code::kNoNode) {
          armed_[key] = Armed::kYes;
        } else if (reply.code == Code::kOk) {
          Fire(key);  // it came in between
        } else {
          armed_[key] = Armed::kLost;
        }
      });
      return;
    default: armed_[key] = Armed::kLost;
  }
}

void ZookeeperWatches::Fire(const WatchKey& key) {
  armed_.erase(key);
  loop_.Post(lifetime_.WhileAlive([this, key] { table_.Fire(key); }));
}

void ZookeeperWatches::FireAll() {
  loop_.Post(lifetime_.WhileAlive([this] { table_.FireAll(); }));
}

}  // namespace quire::metadata
