#pragma once

#include <string>
#include <vector>

#include "metadata/metadata_store.h"
#include "protocol/uuid.h"

namespace quire::metadata {

struct BookieInfo {
  protocol::BookieId bookie;
  std::string address;  // host:port of the daemon that holds it
  bool writable = true;

  auto operator<=>(const BookieInfo&) const = default;
};

struct Cookie {
  protocol::InstanceId instance;
  protocol::BookieId bookie;
  std::string host;       // as advertised
  std::string directory;  // absolute
  std::int64_t created_ms = 0;

  bool operator==(const Cookie&) const = default;
};

std::string EncodeCookie(const Cookie& cookie);
common::Result<Cookie> DecodeCookie(std::string_view value);

// Free functions over a MetadataStore, each one step of a story told elsewhere:

// /instance. Init fails with kNodeExists when the cluster is there already.
void InitCluster(MetadataStore& store, protocol::InstanceId instance, std::int64_t now_ms,
                 MetadataStore::Done done);
// kNoNode becomes kWrongInstance: "no cluster here; run 'quire cluster init'".
void ReadInstance(MetadataStore& store,
                  common::Callback<common::Result<protocol::InstanceId>> done);

// /cookies/<bookie>. Creating one that exists with the same content is success.
void CreateCookie(MetadataStore& store, const Cookie& cookie, MetadataStore::Done done);
void ListCookies(MetadataStore& store,
                 common::Callback<common::Result<std::vector<Cookie>>> done);

// All registered bookies, /bookies/writable and /bookies/readonly, sorted by id.
void ListBookies(MetadataStore& store,
                 common::Callback<common::Result<std::vector<BookieInfo>>> done);

// Keeps one bookie registered while it lives: creates the ephemeral node, again on a new session,
// replaces a node that an earlier process of the same bookie left behind, moves between writable and
// read-only. Loop thread only. The node goes when the object does (best effort) or the session ends.
class Registration {
 public:
  Registration(common::Loop& loop, MetadataStore& store, BookieInfo info);
  ~Registration();

  // Completes when the node is there for the first time.
  void Start(MetadataStore::Done done);
  void SetWritable(bool writable);
  bool registered() const;
};

// A live view of the registered bookies for placement and address look-up: re-read on every watch
// and session event, never emptied by a metadata outage. Loop thread only.
class BookieDirectory {
 public:
  BookieDirectory(common::Loop& loop, MetadataStore& store);
  ~BookieDirectory();

  // Completes after the first successful read.
  void Start(MetadataStore::Done done);
  // Completes after a fresh read, for a caller that misses a bookie.
  void Refresh(MetadataStore::Done done);

  const std::vector<BookieInfo>& bookies() const;
  // The last address known, also of a bookie that is not registered now; empty: never seen.
  std::string AddressOf(protocol::BookieId bookie) const;
};

}  // namespace quire::metadata
