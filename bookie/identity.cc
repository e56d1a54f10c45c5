#include "bookie/identity.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "bookie/ballast.h"
#include "bookie/directory_lock.h"

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using metadata::Cookie;

namespace {

constexpr const char* kCookie = "cookie";
constexpr const char* kIntent = "cookie.intent";
constexpr const char* kScratch = "cookie.scratch";
constexpr std::uint64_t kMaxCookieBytes = 64UL * 1024;

Result<std::optional<Cookie>> ReadCookie(common::Disk& disk, const char* name) {
  const auto names = disk.List();
  if (!names) return Fail(names.error());
  if (!std::ranges::binary_search(*names, name)) return std::nullopt;
  auto file = disk.Open(name, {});
  if (!file) return Fail(std::move(file).error());
  const auto size = (*file)->Size();
  if (!size) return Fail(size.error());
  std::string bytes(std::min(*size, kMaxCookieBytes), '\0');
  const auto read = (*file)->Read(0, bytes);
  if (!read) return Fail(read.error());
  bytes.resize(*read);
  auto cookie = metadata::DecodeCookieFile(bytes);
  if (!cookie) {
    return Fail(Errc::kCorrupt, disk.path() + "/" + name + " is damaged (" +
                                    cookie.error().ToString() +
                                    "); put it back from a copy. It names the bookie that this "
                                    "directory is");
  }
  return *std::move(cookie);
}

// The whole cookie under that name, durably, or nothing.
Result<void> WriteCookie(common::Disk& disk, const Cookie& cookie, const char* name) {
  auto file = disk.Open(kScratch, {.create = true});
  if (!file) return Fail(std::move(file).error());
  QUIRE_TRY((*file)->Write(0, metadata::EncodeCookieFile(cookie)));
  QUIRE_TRY((*file)->Sync());
  QUIRE_TRY(disk.Rename(kScratch, name));
  return disk.SyncDirectory();
}

// The name of something that a new bookie's directory has not; empty: there is nothing.
Result<std::string> Stranger(const std::string& directory, bool begun) {
  std::set<std::string> known{DirectoryLock::kFileName, kIntent, kScratch,
                              "lost+found"};  // the root of a file system has that
  if (begun) known.insert({"journal", "segments", "index", Ballast::kFileName});
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  if (error) return common::FailErrno(error.value(), "list", directory);
  for (const auto& entry : entries) {
    std::string name = entry.path().filename().string();
    if (!known.contains(name)) return name;
  }
  return "";
}

Result<void> CheckInstance(const Cookie& cookie, const Identity::Place& place) {
  if (cookie.instance == place.instance) return {};
  return Fail(Errc::kWrongInstance,
              "directory " + place.directory + " belongs to cluster " + ToHex(cookie.instance) +
                  ", the metadata store is that of cluster " + ToHex(place.instance) +
                  ". Start this bookie with the metadata address of its own cluster");
}

Result<Cookie> Known(const Cookie& cookie, const Identity::Place& place,
                     const std::vector<Cookie>& cookies) {
  QUIRE_TRY(CheckInstance(cookie, place));
  const auto found = std::ranges::find(cookies, cookie.bookie, &Cookie::bookie);
  const std::string who = "directory " + place.directory + " is bookie " + ToHex(cookie.bookie);
  if (found == cookies.end()) {
    return Fail(Errc::kWrongBookie,
                who +
                    ", which the metadata store does not know. If the metadata store lost it, "
                    "restore that first; if nobody needs this bookie's entries any more, empty the "
                    "directory to use it for a new bookie");
  }
  if (found->replaced_by) {
    return Fail(
        Errc::kWrongBookie,
        who + ", whose place bookie " + ToHex(*found->replaced_by) +
            " took with --rejoin, because this disk was lost. Its entries are restored from "
            "other copies: keep the disk until that is done, and do not start it again");
  }
  if (*found != cookie) {
    return Fail(Errc::kWrongBookie, who +
                                        ", but its cookie in the metadata store differs. One of "
                                        "the two was put back from an old copy: find out which, "
                                        "and do not start this bookie before");
  }
  return cookie;
}

// A directory without a cookie may be formatted unless it, or another disk in its place, was a
// bookie before; with `rejoin` also then. Gives the bookies that it was.
Result<std::vector<Cookie>> CheckFree(const Identity::Place& place,
                                      const std::vector<Cookie>& cookies,
                                      const std::optional<Cookie>& intent) {
  const auto stranger = Stranger(place.directory, intent.has_value());
  if (!stranger) return Fail(stranger.error());
  if (!stranger->empty()) {
    return Fail(Errc::kWrongBookie,
                "directory " + place.directory + " has no cookie but is not empty (" + *stranger +
                    "). Name an empty directory, or put the cookie back if this "
                    "was a bookie");
  }
  std::vector<Cookie> past;
  std::ranges::copy_if(cookies, std::back_inserter(past), [&](const Cookie& cookie) {
    return cookie.host == place.host && cookie.directory == place.directory &&
           !cookie.replaced_by && !(intent && cookie.bookie == intent->bookie);
  });
  if (past.empty() || place.rejoin) return past;
  return Fail(
      Errc::kWrongBookie,
      "directory " + place.directory + " is empty but was bookie " + ToHex(past.front().bookie) +
          ". If its disk is only not mounted, mount it. If the disk was replaced, or emptied, and "
          "what it held is lost, start once with --rejoin DIRECTORY: it becomes a new bookie, as "
          "an empty one must not answer for entries that the old one had acknowledged");
}

}  // namespace

Result<Identity::Claimed> Identity::Claim(common::Disk& disk, const Place& place,
                                          const CookieRegistry& registry, common::Random& random) {
  const auto cookie = ReadCookie(disk, kCookie);
  if (!cookie) return Fail(cookie.error());
  auto intent = ReadCookie(disk, kIntent);
  if (!intent) return Fail(std::move(intent).error());
  const auto cookies = registry.list();
  if (!cookies) return Fail(cookies.error());
  if (*cookie) {
    auto known = Known(**cookie, place, *cookies);
    if (!known) return Fail(std::move(known).error());
    return Claimed{.cookie = *std::move(known)};
  }

  if (*intent) QUIRE_TRY(CheckInstance(**intent, place));
  const auto past = CheckFree(place, *cookies, *intent);
  if (!past) return Fail(past.error());
  if (!*intent) {
    *intent = Cookie{.instance = place.instance,
                     .bookie = protocol::BookieId::Make(random),
                     .host = place.host,
                     .directory = place.directory,
                     .created_ms = place.now_ms};
    QUIRE_TRY(WriteCookie(disk, **intent, kIntent));
  }
  QUIRE_TRY(registry.create(**intent));
  for (const Cookie& old : *past) QUIRE_TRY(registry.replace(old, **intent));
  return Claimed{.cookie = **std::move(intent), .formatting = true};
}

Result<void> Identity::Finish(common::Disk& disk) {
  QUIRE_TRY(disk.Rename(kIntent, kCookie));
  return disk.SyncDirectory();
}

}  // namespace quire::bookie
