#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/loop.h"
#include "metadata/metadata_store.h"

namespace quire::metadata {

enum class WatchKind { kNode, kChildren };

struct WatchKey {
  std::string path;
  WatchKind kind = WatchKind::kNode;
  auto operator<=>(const WatchKey&) const = default;
};

// The callers of one session who wait for a hint. Knows who is to be called, not how changes are
// noticed. Loop thread only; handles may outlive it and are then without effect.
class WatchTable {
 public:
  WatchTable();
  ~WatchTable();
  WatchTable(const WatchTable&) = delete;
  WatchTable& operator=(const WatchTable&) = delete;

  // `changed` is called at most once, and not any more when the handle has been dropped.
  MetadataStore::WatchHandle Add(const WatchKey& key, common::Task changed);

  // Call who waits at this moment. They may add and drop watches meanwhile.
  void Fire(const WatchKey& key);
  void FireAll();

 private:
  class Waiter;
  struct Waiters {
    std::map<WatchKey, std::map<std::uint64_t, Waiter*>> by_key;
    std::uint64_t last_id = 0;
  };
  void FireThese(const std::map<std::uint64_t, Waiter*>& waiters);

  const std::shared_ptr<Waiters> waiters_;
};

}  // namespace quire::metadata
