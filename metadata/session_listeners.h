#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "metadata/metadata_store.h"

namespace quire::metadata {

// Who wants to hear of session events. Loop thread only; handles may outlive it.
class SessionListeners {
 public:
  SessionListeners();

  MetadataStore::WatchHandle Add(common::Callback<SessionEvent> event);
  // Listeners may add and drop listeners meanwhile.
  void Notify(SessionEvent event);

 private:
  struct Listener {
    common::Callback<SessionEvent> call;
  };
  // Weak: a listener lives as long as its handle.
  std::map<std::uint64_t, std::weak_ptr<Listener>> listeners_;
  std::uint64_t last_id_ = 0;
};

}  // namespace quire::metadata
