#include "metadata/memory_tree.h"

#include <utility>

#include "common/check.h"
#include "metadata/tree_path.h"

namespace quire::metadata {

using common::Errc;
using common::Fail;
using common::Result;

struct MemoryTree::Change {
  // Each touched path with its node before the change, in the order touched.
  std::vector<std::pair<std::string, std::optional<Node>>> before;
  std::set<WatchKey> seen;  // what a watch can see of it
};

MemoryTree::SessionId MemoryTree::OpenSession() {
  const std::lock_guard lock(mutex_);
  sessions_.insert(++last_session_);
  return last_session_;
}

void MemoryTree::CloseSession(SessionId session) {
  const std::lock_guard lock(mutex_);
  if (sessions_.erase(session) == 0) return;
  std::vector<std::pair<std::string, Version>> mine;
  for (const auto& [path, node] : nodes_) {
    if (node.owner == session) mine.emplace_back(path, node.version);
  }
  Change change;
  for (const auto& [path, version] : mine) {
    QUIRE_CHECK(DeleteOne(path, version, change).has_value());
  }
  CallWatches(change);
}

Result<Version> MemoryTree::Create(const std::string& path, std::string value, SessionId owner) {
  const std::lock_guard lock(mutex_);
  if (owner != 0 && !sessions_.contains(owner)) return Fail(Errc::kNoNode, "session is closed");
  if (nodes_.contains(path)) return Fail(Errc::kNodeExists, path);
  Change change;
  auto result = [&]() -> Result<Version> {
    QUIRE_TRY(EnsureParents(path, change));
    return CreateOne(path, std::move(value), owner, change);
  }();
  // Parents that were made stay, as they do in ZooKeeper.
  CallWatches(change);
  return result;
}

Result<Versioned> MemoryTree::Read(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto node = nodes_.find(path);
  if (node == nodes_.end()) return Fail(Errc::kNoNode, path);
  return Versioned{node->second.value, node->second.version};
}

Result<Version> MemoryTree::CompareAndSet(const std::string& path, std::string value,
                                          Version expected) {
  const std::lock_guard lock(mutex_);
  Change change;
  auto result = SetOne(path, std::move(value), expected, change);
  CallWatches(change);
  return result;
}

Result<void> MemoryTree::Delete(const std::string& path, Version expected) {
  const std::lock_guard lock(mutex_);
  Change change;
  auto result = DeleteOne(path, expected, change);
  CallWatches(change);
  return result;
}

Result<void> MemoryTree::Multi(std::vector<Op> ops) {
  const std::lock_guard lock(mutex_);
  Change change;
  for (Op& op : ops) {
    if (auto step = Apply(op, change); !step) {
      Undo(change);
      return step;
    }
  }
  CallWatches(change);
  return {};
}

Result<std::vector<std::string>> MemoryTree::List(const std::string& path, const std::string& after,
                                                  std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto node = nodes_.find(path);
  if (node == nodes_.end()) return Fail(Errc::kNoNode, path);
  const auto& children = node->second.children;
  std::vector<std::string> names;
  for (auto name = children.upper_bound(after); name != children.end() && names.size() < limit;
       ++name) {
    names.push_back(*name);
  }
  return names;
}

MemoryTree::WatchId MemoryTree::Watch(const WatchKey& key, common::Task changed) {
  const std::lock_guard lock(mutex_);
  watches_[key].emplace(++last_watch_, std::move(changed));
  return last_watch_;
}

void MemoryTree::Unwatch(const WatchKey& key, WatchId watch) {
  const std::lock_guard lock(mutex_);
  const auto watches = watches_.find(key);
  if (watches == watches_.end()) return;
  watches->second.erase(watch);
  if (watches->second.empty()) watches_.erase(watches);
}

Result<Version> MemoryTree::CreateOne(const std::string& path, std::string value, SessionId owner,
                                      Change& change) {
  if (nodes_.contains(path)) return Fail(Errc::kNodeExists, path);
  if (path != "/") {
    const std::string parent(ParentPath(path));
    const auto up = nodes_.find(parent);
    if (up == nodes_.end()) return Fail(Errc::kNoNode, parent);
    if (up->second.owner != 0) {
      return Fail(Errc::kInvalidArgument, parent + " is ephemeral and can have no children");
    }
    change.before.emplace_back(parent, up->second);
    change.seen.insert({parent, WatchKind::kChildren});
    up->second.children.emplace(NodeName(path));
  }
  change.before.emplace_back(path, std::nullopt);
  change.seen.insert({path, WatchKind::kNode});
  change.seen.insert({path, WatchKind::kChildren});
  nodes_.emplace(path, Node{std::move(value), Version{0}, owner, {}});
  return Version{0};
}

Result<Version> MemoryTree::SetOne(const std::string& path, std::string value, Version expected,
                                   Change& change) {
  const auto node = nodes_.find(path);
  if (node == nodes_.end()) return Fail(Errc::kNoNode, path);
  if (node->second.version != expected) return Fail(Errc::kBadVersion, path);
  change.before.emplace_back(path, node->second);
  change.seen.insert({path, WatchKind::kNode});
  node->second.value = std::move(value);
  ++node->second.version.value;
  return node->second.version;
}

Result<void> MemoryTree::DeleteOne(const std::string& path, Version expected, Change& change) {
  const auto node = nodes_.find(path);
  if (node == nodes_.end()) return Fail(Errc::kNoNode, path);
  if (node->second.version != expected) return Fail(Errc::kBadVersion, path);
  if (!node->second.children.empty()) return Fail(Errc::kNotEmpty, path);
  const std::string parent(ParentPath(path));
  Node& up = nodes_.at(parent);
  change.before.emplace_back(parent, up);
  change.before.emplace_back(path, std::move(node->second));
  change.seen.insert({parent, WatchKind::kChildren});
  change.seen.insert({path, WatchKind::kNode});
  change.seen.insert({path, WatchKind::kChildren});
  up.children.erase(std::string(NodeName(path)));
  nodes_.erase(node);
  return {};
}

Result<void> MemoryTree::Apply(Op& op, Change& change) {
  const auto without_version = [](Result<Version> result) -> Result<void> {
    if (!result) return Fail(std::move(result).error());
    return {};
  };
  switch (op.kind) {
    case Op::Kind::kCreate:
      return without_version(CreateOne(op.path, std::move(op.value), 0, change));
    case Op::Kind::kCompareAndSet:
      return without_version(SetOne(op.path, std::move(op.value), op.version, change));
    case Op::Kind::kDelete: return DeleteOne(op.path, op.version, change);
    case Op::Kind::kCheck: {
      const auto node = nodes_.find(op.path);
      if (node == nodes_.end()) return Fail(Errc::kNoNode, op.path);
      if (node->second.version != op.version) return Fail(Errc::kBadVersion, op.path);
      return {};
    }
  }
  return Fail(Errc::kInvalidArgument, "unknown operation");
}

Result<void> MemoryTree::EnsureParents(const std::string& path, Change& change) {
  if (path == "/") return {};
  const std::string parent(ParentPath(path));
  if (nodes_.contains(parent)) return {};
  QUIRE_TRY(EnsureParents(parent, change));
  QUIRE_TRY(CreateOne(parent, "", 0, change));
  return {};
}

void MemoryTree::Undo(Change& change) {
  for (auto step = change.before.rbegin(); step != change.before.rend(); ++step) {
    if (step->second) {
      nodes_.insert_or_assign(step->first, *std::move(step->second));
    } else {
      nodes_.erase(step->first);
    }
  }
}

void MemoryTree::CallWatches(const Change& change) {
  for (const WatchKey& key : change.seen) {
    auto watches = watches_.extract(key);
    if (watches.empty()) continue;
    for (auto& [id, changed] : watches.mapped()) changed();
  }
}

}  // namespace quire::metadata
