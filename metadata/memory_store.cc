#include "metadata/memory_store.h"

#include <utility>

#include "metadata/call_check.h"

namespace quire::metadata {

using common::Result;

MemoryStore::MemoryStore(common::Loop& loop, std::shared_ptr<MemoryTree> tree)
    : loop_(loop), tree_(std::move(tree)), session_(tree_->OpenSession()) {}

MemoryStore::~MemoryStore() {
  for (const auto& [key, watch] : armed_) tree_->Unwatch(key, watch);
  tree_->CloseSession(session_);
}

void MemoryStore::Create(std::string path, std::string value, NodeKind kind, VersionDone done) {
  auto result = [&]() -> Result<Version> {
    QUIRE_TRY(CheckCreate(path, value));
    return tree_->Create(path, std::move(value), kind == NodeKind::kEphemeral ? session_ : 0);
  }();
  Complete(std::move(done), std::move(result));
}

void MemoryStore::Read(std::string path, ReadDone done) {
  auto result = [&]() -> Result<Versioned> {
    QUIRE_TRY(CheckRead(path));
    return tree_->Read(path);
  }();
  Complete(std::move(done), std::move(result));
}

void MemoryStore::CompareAndSet(std::string path, std::string value, Version expected,
                                VersionDone done) {
  auto result = [&]() -> Result<Version> {
    QUIRE_TRY(CheckChange(path, value, expected));
    return tree_->CompareAndSet(path, std::move(value), expected);
  }();
  Complete(std::move(done), std::move(result));
}

void MemoryStore::Delete(std::string path, Version expected, Done done) {
  auto result = [&]() -> Result<void> {
    QUIRE_TRY(CheckChange(path, "", expected));
    return tree_->Delete(path, expected);
  }();
  Complete(std::move(done), std::move(result));
}

void MemoryStore::Multi(std::vector<Op> ops, Done done) {
  auto result = [&]() -> Result<void> {
    QUIRE_TRY(CheckMulti(ops));
    return tree_->Multi(std::move(ops));
  }();
  Complete(std::move(done), std::move(result));
}

void MemoryStore::List(std::string path, std::string after, std::size_t limit, ListDone done) {
  auto result = [&]() -> Result<std::vector<std::string>> {
    QUIRE_TRY(CheckRead(path));
    return tree_->List(path, after, limit);
  }();
  Complete(std::move(done), std::move(result));
}

MetadataStore::WatchHandle MemoryStore::Watch(std::string path, common::Task changed) {
  return AddWatch({std::move(path), WatchKind::kNode}, std::move(changed));
}

MetadataStore::WatchHandle MemoryStore::WatchChildren(std::string path, common::Task changed) {
  return AddWatch({std::move(path), WatchKind::kChildren}, std::move(changed));
}

MetadataStore::WatchHandle MemoryStore::OnSession(common::Callback<SessionEvent> event) {
  return listeners_.Add(std::move(event));
}

void MemoryStore::ExpireSession() {
  tree_->CloseSession(session_);
  session_ = tree_->OpenSession();
  loop_.Post(lifetime_.WhileAlive([this] { watches_.FireAll(); }));
  loop_.Post(lifetime_.WhileAlive([this] { listeners_.Notify(SessionEvent::kNewSession); }));
}

template <typename T>
void MemoryStore::Complete(common::Callback<Result<T>> done, Result<T> result) {
  loop_.Post(lifetime_.WhileAlive(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); }));
}

MetadataStore::WatchHandle MemoryStore::AddWatch(const WatchKey& key, common::Task changed) {
  auto handle = watches_.Add(key, std::move(changed));
  if (armed_.contains(key)) return handle;
  // The tree calls on any thread; the destructor's Unwatch sees to it that `this` is there.
  armed_[key] = tree_->Watch(key, [this, key] {
    loop_.Post(lifetime_.WhileAlive([this, key] {
      armed_.erase(key);
      watches_.Fire(key);
    }));
  });
  return handle;
}

}  // namespace quire::metadata
