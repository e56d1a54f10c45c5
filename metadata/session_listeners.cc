#include "metadata/session_listeners.h"

#include <utility>
#include <vector>

namespace quire::metadata {

SessionListeners::SessionListeners() = default;

MetadataStore::WatchHandle SessionListeners::Add(common::Callback<SessionEvent> event) {
  std::erase_if(listeners_, [](const auto& entry) { return entry.second.expired(); });
  auto listener = std::make_shared<Listener>(Listener{std::move(event)});
  listeners_.emplace(++last_id_, listener);
  return listener;
}

void SessionListeners::Notify(SessionEvent event) {
  std::vector<std::weak_ptr<Listener>> all;
  all.reserve(listeners_.size());
  for (const auto& [id, listener] : listeners_) all.push_back(listener);
  for (const auto& weak : all) {
    if (const auto listener = weak.lock()) listener->call(event);
  }
}

}  // namespace quire::metadata
