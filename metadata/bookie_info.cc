#include "metadata/bookie_info.h"

#include "metadata/value_codec.h"
#include "protocol/wire/metadata_types.h"

namespace quire::metadata {

std::string_view RegistrationDirectory(bool writable) {
  return writable ? "/bookies/writable" : "/bookies/readonly";
}

std::string RegistrationPath(const BookieInfo& info) {
  return std::string(RegistrationDirectory(info.writable)) + "/" + protocol::ToHex(info.bookie);
}

std::string EncodeRegistration(const BookieInfo& info) {
  protocol::wire::Registration out;
  out.bookie = protocol::ToBytes(info.bookie);
  out.address = info.address;
  if (!info.http.empty()) out.__set_http(info.http);
  return EncodeValue(ValueKind::kRegistration, out);
}

common::Result<BookieInfo> DecodeRegistration(std::string_view value, bool writable) {
  protocol::wire::Registration in;
  QUIRE_TRY(DecodeValue(value, ValueKind::kRegistration, in));
  const auto bookie = protocol::FromBytes<protocol::BookieId>(in.bookie);
  if (!bookie || in.address.empty()) {
    return common::Fail(common::Errc::kCorrupt, "a registration without bookie id or address");
  }
  return BookieInfo{*bookie, in.address, writable, in.http};
}

}  // namespace quire::metadata
