#include "bookie/metadata_cookies.h"

#include <utility>
#include <vector>

#include "bookie/loop_call.h"
#include "metadata/registry.h"

namespace quire::bookie {

using common::Result;
using metadata::Cookie;

CookieRegistry MetadataCookies(common::Loop& loop, metadata::MetadataStore& metadata,
                               std::function<std::int64_t()> wall_ms, Log log) {
  return {
      .list =
          [&loop, &metadata] {
            return Await<Result<std::vector<Cookie>>>(
                loop, [&metadata](auto done) { metadata::ListCookies(metadata, std::move(done)); });
          },
      .create =
          [&loop, &metadata](const Cookie& cookie) {
            return Await<Result<void>>(loop, [&](auto done) {
              metadata::CreateCookie(metadata, cookie, std::move(done));
            });
          },
      .replace =
          [&loop, &metadata, wall_ms = std::move(wall_ms), log = std::move(log)](
              const Cookie& old, const Cookie& now) {
            log.Warning(now.directory + ": was bookie " + ToHex(old.bookie) +
                        ", whose disk is lost, and is the new bookie " + ToHex(now.bookie) +
                        " from now on. What the old one held has to be repaired from other copies");
            return Await<Result<void>>(loop, [&](auto done) {
              metadata::MarkCookieReplaced(metadata, old.bookie, now.bookie, wall_ms(),
                                           std::move(done));
            });
          }};
}

}  // namespace quire::bookie
