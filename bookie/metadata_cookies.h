#pragma once

#include <cstdint>
#include <functional>

#include "bookie/identity.h"
#include "bookie/log.h"
#include "common/loop.h"
#include "metadata/metadata_store.h"

namespace quire::bookie {

// The cookies of the cluster as Identity asks for them: each call waits for the loop, which the
// metadata store lives on, so none may be made on it. Loop and store outlive the registry.
CookieRegistry MetadataCookies(common::Loop& loop, metadata::MetadataStore& metadata,
                               std::function<std::int64_t()> wall_ms, Log log);

}  // namespace quire::bookie
