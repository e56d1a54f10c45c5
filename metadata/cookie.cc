#include "metadata/cookie.h"

#include "metadata/value_codec.h"
#include "protocol/wire/metadata_types.h"

namespace quire::metadata {

std::string EncodeCookie(const Cookie& cookie) {
  protocol::wire::Cookie out;
  out.instance = protocol::ToBytes(cookie.instance);
  out.bookie = protocol::ToBytes(cookie.bookie);
  out.host = cookie.host;
  out.directory = cookie.directory;
  out.created_ms = cookie.created_ms;
  return EncodeValue(ValueKind::kCookie, out);
}

common::Result<Cookie> DecodeCookie(std::string_view value) {
  protocol::wire::Cookie in;
  QUIRE_TRY(DecodeValue(value, ValueKind::kCookie, in));
  const auto instance = protocol::FromBytes<protocol::InstanceId>(in.instance);
  const auto bookie = protocol::FromBytes<protocol::BookieId>(in.bookie);
  if (!instance || !bookie) return common::Fail(common::Errc::kCorrupt, "a cookie without its ids");
  return Cookie{*instance, *bookie, in.host, in.directory, in.created_ms};
}

}  // namespace quire::metadata
