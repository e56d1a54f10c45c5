#include "metadata/cookie.h"

#include "common/bytes.h"
#include "common/crc32c.h"
#include "metadata/value_codec.h"
#include "protocol/wire/metadata_types.h"

namespace quire::metadata {
namespace {

constexpr std::string_view kFileMagic = "QUIRECKY";  // a bare value begins with "QUIR", 0

}  // namespace

std::string EncodeCookie(const Cookie& cookie) {
  protocol::wire::Cookie out;
  out.instance = protocol::ToBytes(cookie.instance);
  out.bookie = protocol::ToBytes(cookie.bookie);
  out.host = cookie.host;
  out.directory = cookie.directory;
  out.created_ms = cookie.created_ms;
  if (cookie.replaced_by) {
    out.__set_replaced_by(protocol::ToBytes(*cookie.replaced_by));
    out.__set_replaced_ms(cookie.replaced_ms);
  }
  return EncodeValue(ValueKind::kCookie, out);
}

common::Result<Cookie> DecodeCookie(std::string_view value) {
  protocol::wire::Cookie in;
  QUIRE_TRY(DecodeValue(value, ValueKind::kCookie, in));
  const auto instance = protocol::FromBytes<protocol::InstanceId>(in.instance);
  const auto bookie = protocol::FromBytes<protocol::BookieId>(in.bookie);
  if (!instance || !bookie) return common::Fail(common::Errc::kCorrupt, "a cookie without its ids");
  Cookie cookie{*instance, *bookie, in.host, in.directory, in.created_ms};
  if (in.__isset.replaced_by) {
    cookie.replaced_by = protocol::FromBytes<protocol::BookieId>(in.replaced_by);
    if (!cookie.replaced_by) {
      return common::Fail(common::Errc::kCorrupt, "a cookie that is replaced by nobody");
    }
    cookie.replaced_ms = in.replaced_ms;
  }
  return cookie;
}

std::string EncodeCookieFile(const Cookie& cookie) {
  const std::string value = EncodeCookie(cookie);
  std::string file(kFileMagic);
  common::AppendBig(file, common::Crc32c(value));
  return file + value;
}

common::Result<Cookie> DecodeCookieFile(std::string_view file) {
  if (!file.starts_with(kFileMagic)) return DecodeCookie(file);
  common::ByteReader reader(file.substr(kFileMagic.size()));
  if (const auto crc = reader.Big<std::uint32_t>(); crc != common::Crc32c(reader.rest())) {
    return common::Fail(common::Errc::kCorrupt, "the checksum does not fit");
  }
  return DecodeCookie(reader.rest());
}

}  // namespace quire::metadata
