#include "metadata/watch_table.h"

#include <utility>
#include <vector>

namespace quire::metadata {

// What a handle points to. Takes itself out of the table when it fires or is dropped.
class WatchTable::Waiter : public std::enable_shared_from_this<Waiter> {
 public:
  Waiter(std::weak_ptr<Waiters> table, WatchKey key, std::uint64_t id, common::Task changed)
      : table_(std::move(table)), key_(std::move(key)), id_(id), changed_(std::move(changed)) {}
  ~Waiter() { Leave(); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  void Fire() {
    if (!changed_ || table_.expired()) return;
    Leave();
    auto changed = std::exchange(changed_, nullptr);
    changed();
  }

 private:
  void Leave() {
    const auto table = table_.lock();
    if (!table) return;
    const auto waiters = table->by_key.find(key_);
    if (waiters == table->by_key.end()) return;
    waiters->second.erase(id_);
    if (waiters->second.empty()) table->by_key.erase(waiters);
  }

  const std::weak_ptr<Waiters> table_;
  const WatchKey key_;
  const std::uint64_t id_;
  common::Task changed_;
};

WatchTable::WatchTable() : waiters_(std::make_shared<Waiters>()) {}
WatchTable::~WatchTable() = default;

MetadataStore::WatchHandle WatchTable::Add(const WatchKey& key, common::Task changed) {
  const std::uint64_t id = ++waiters_->last_id;
  auto waiter = std::make_shared<Waiter>(waiters_, key, id, std::move(changed));
  waiters_->by_key[key].emplace(id, waiter.get());
  return waiter;
}

void WatchTable::Fire(const WatchKey& key) {
  const auto waiters = waiters_->by_key.find(key);
  if (waiters != waiters_->by_key.end()) FireThese(waiters->second);
}

void WatchTable::FireAll() {
  std::map<std::uint64_t, Waiter*> all;
  for (const auto& [key, waiters] : waiters_->by_key) all.insert(waiters.begin(), waiters.end());
  FireThese(all);
}

void WatchTable::FireThese(const std::map<std::uint64_t, Waiter*>& waiters) {
  // A call may drop the handle of a later one, which then must not be called, or this table.
  std::vector<std::weak_ptr<Waiter>> due;
  due.reserve(waiters.size());
  for (const auto& [id, waiter] : waiters) due.push_back(waiter->weak_from_this());
  for (const auto& weak : due) {
    if (const auto waiter = weak.lock()) waiter->Fire();
  }
}

}  // namespace quire::metadata
