#include "metadata/registry.h"

#include <functional>
#include <map>
#include <utility>

#include "metadata/children_reader.h"
#include "metadata/value_codec.h"
#include "protocol/wire/metadata_types.h"

namespace quire::metadata {
namespace {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::BookieId;
using protocol::InstanceId;

constexpr const char* kInstancePath = "/instance";
constexpr const char* kCookiesPath = "/cookies";

Result<InstanceId> DecodeInstance(std::string_view value) {
  protocol::wire::Instance in;
  QUIRE_TRY(DecodeValue(value, ValueKind::kInstance, in));
  const auto instance = protocol::FromBytes<InstanceId>(in.instance);
  if (!instance) return Fail(Errc::kCorrupt, "a cluster without its id");
  return *instance;
}

// Creates a node that nobody changes later. When it is there already, or the answer was lost, what
// is there decides: `mine` is asked for its value, and its error is the result.
void CreateFixed(MetadataStore& store, const std::string& path, std::string value,
                 std::move_only_function<Result<void>(const std::string&)> mine,
                 MetadataStore::Done done) {
  store.Create(path, std::move(value), NodeKind::kPersistent,
               [&store, path, mine = std::move(mine),
                done = std::move(done)](Result<Version> created) mutable {
                 if (created) return done({});
                 const Errc code = created.error().code();
                 if (code != Errc::kNodeExists && code != Errc::kAmbiguous) {
                   return done(Fail(std::move(created).error()));
                 }
                 store.Read(path,
                            [mine = std::move(mine), done = std::move(done),
                             error = std::move(created).error()](Result<Versioned> read) mutable {
                              // Not being able to see it leaves us with what the creation said.
                              if (!read) return done(Fail(std::move(error)));
                              done(mine(read->value));
                            });
               });
}

void CollectBookies(const std::vector<Child>& children, bool writable,
                    std::map<BookieId, BookieInfo>& out) {
  for (const Child& child : children) {
    const auto info = DecodeRegistration(child.value, writable);
    // One damaged registration must not hide the others.
    if (info && protocol::ToHex(info->bookie) == child.name) {
      out.insert_or_assign(info->bookie, *info);
    }
  }
}

}  // namespace

void InitCluster(MetadataStore& store, InstanceId instance, std::int64_t now_ms,
                 MetadataStore::Done done) {
  protocol::wire::Instance out;
  out.instance = protocol::ToBytes(instance);
  out.created_ms = now_ms;
  const auto mine = [instance](const std::string& value) -> Result<void> {
    const auto found = DecodeInstance(value);
    if (!found) return Fail(found.error());
    if (*found == instance) return {};
    return Fail(Errc::kNodeExists, "the cluster " + protocol::ToHex(*found) + " is here already");
  };
  CreateFixed(store, kInstancePath, EncodeValue(ValueKind::kInstance, out), mine, std::move(done));
}

void ReadInstance(MetadataStore& store, common::Callback<Result<InstanceId>> done) {
  store.Read(kInstancePath, [done = std::move(done)](Result<Versioned> read) mutable {
    if (!read && read.error().code() == Errc::kNoNode) {
      return done(Fail(Errc::kWrongInstance, "no cluster here; run 'quire cluster init'"));
    }
    if (!read) return done(Fail(std::move(read).error()));
    done(DecodeInstance(read->value));
  });
}

void CreateCookie(MetadataStore& store, const Cookie& cookie, MetadataStore::Done done) {
  const auto mine = [cookie](const std::string& value) -> Result<void> {
    const auto found = DecodeCookie(value);
    if (!found) return Fail(found.error());
    if (*found == cookie) return {};
    return Fail(Errc::kNodeExists, "bookie " + protocol::ToHex(cookie.bookie) +
                                       " has another cookie, of " + found->host + " and " +
                                       found->directory);
  };
  CreateFixed(store, std::string(kCookiesPath) + "/" + protocol::ToHex(cookie.bookie),
              EncodeCookie(cookie), mine, std::move(done));
}

void MarkCookieReplaced(MetadataStore& store, BookieId bookie, BookieId by, std::int64_t now_ms,
                        MetadataStore::Done done) {
  const std::string path = std::string(kCookiesPath) + "/" + protocol::ToHex(bookie);
  store.Read(path,
             [&store, path, by, now_ms, done = std::move(done)](Result<Versioned> read) mutable {
               if (!read) return done(Fail(std::move(read).error()));
               auto cookie = DecodeCookie(read->value);
               if (!cookie) return done(Fail(std::move(cookie).error()));
               if (cookie->replaced_by == by) return done({});
               if (cookie->replaced_by) {
                 return done(Fail(Errc::kBadVersion, "bookie " + protocol::ToHex(cookie->bookie) +
                                                         " was replaced by bookie " +
                                                         protocol::ToHex(*cookie->replaced_by)));
               }
               cookie->replaced_by = by;
               cookie->replaced_ms = now_ms;
               // A lost answer is the caller's to ask again: what is there then decides.
               store.CompareAndSet(path, EncodeCookie(*cookie), read->version,
                                   [done = std::move(done)](Result<Version> written) mutable {
                                     if (!written) return done(Fail(std::move(written).error()));
                                     done({});
                                   });
             });
}

void ListCookies(MetadataStore& store, common::Callback<Result<std::vector<Cookie>>> done) {
  ReadChildren(
      store, kCookiesPath, [done = std::move(done)](Result<std::vector<Child>> children) mutable {
        if (!children) return done(Fail(std::move(children).error()));
        std::vector<Cookie> cookies;
        for (const Child& child : *children) {
          auto cookie = DecodeCookie(child.value);
          if (!cookie) {
            return done(Fail(Errc::kCorrupt,
                             "cookie of bookie " + child.name + ": " + cookie.error().context()));
          }
          cookies.push_back(*std::move(cookie));
        }
        done(std::move(cookies));
      });
}

void ListBookies(MetadataStore& store, common::Callback<Result<std::vector<BookieInfo>>> done) {
  using Children = Result<std::vector<Child>>;
  // One that turns writable between the two lists is in neither; the directory hears of that
  // through its watches and reads again.
  const auto read = [](MetadataStore& from, bool writable, common::Callback<Children> got) {
    ReadChildren(from, std::string(RegistrationDirectory(writable)), std::move(got));
  };
  read(store, true, [&store, read, done = std::move(done)](Children writable) mutable {
    if (!writable) return done(Fail(std::move(writable).error()));
    read(store, false,
         [done = std::move(done), writable = *std::move(writable)](Children readonly) mutable {
           if (!readonly) return done(Fail(std::move(readonly).error()));
           std::map<BookieId, BookieInfo> found;
           CollectBookies(writable, true, found);
           CollectBookies(*readonly, false, found);
           std::vector<BookieInfo> bookies;
           bookies.reserve(found.size());
           for (auto& [id, info] : found) bookies.push_back(std::move(info));
           done(std::move(bookies));
         });
  });
}

}  // namespace quire::metadata
