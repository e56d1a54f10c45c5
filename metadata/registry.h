#pragma once

#include <string>
#include <vector>

#include "metadata/bookie_directory.h"
#include "metadata/bookie_info.h"
#include "metadata/cookie.h"
#include "metadata/metadata_store.h"
#include "metadata/registration.h"
#include "protocol/uuid.h"

namespace quire::metadata {

// Free functions over a MetadataStore, each one step of a story told elsewhere. On the store's
// loop; when the store goes first, `done` is not called.

// /instance. Init fails with kNodeExists when the cluster is there already.
void InitCluster(MetadataStore& store, protocol::InstanceId instance, std::int64_t now_ms,
                 MetadataStore::Done done);
// kNoNode becomes kWrongInstance: "no cluster here; run 'quire cluster init'".
void ReadInstance(MetadataStore& store,
                  common::Callback<common::Result<protocol::InstanceId>> done);

// /cookies/<bookie>. Creating one that exists with the same content is success.
void CreateCookie(MetadataStore& store, const Cookie& cookie, MetadataStore::Done done);
// The directory of this bookie, whose disk was lost, is that of another one now. Success also if
// that is said already; kBadVersion: of a third one.
void MarkCookieReplaced(MetadataStore& store, protocol::BookieId bookie, protocol::BookieId by,
                        std::int64_t now_ms, MetadataStore::Done done);
void ListCookies(MetadataStore& store, common::Callback<common::Result<std::vector<Cookie>>> done);

// All registered bookies, /bookies/writable and /bookies/readonly, sorted by id. One that is seen
// in both, as while it moves, counts as read-only.
void ListBookies(MetadataStore& store,
                 common::Callback<common::Result<std::vector<BookieInfo>>> done);

}  // namespace quire::metadata
