#include "rpc/add_codec.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/check.h"
#include "protocol/limits.h"
#include "rpc/frame_codec.h"

namespace quire::rpc {
namespace {

constexpr std::size_t kUuidBytes = 16;
// A struct of the list takes at least its stop byte.
constexpr std::uint32_t kMinAddBytes = 1;
constexpr std::uint32_t kCodeBytes = 4;

template <typename Id>
void StoreUuid(char* out, const Id& id) {
  common::StoreBig(out, id.high);
  common::StoreBig(out + sizeof(id.high), id.low);
}

template <typename Id>
bool LoadUuid(std::string_view bytes, Id& id) {
  if (bytes.size() != kUuidBytes) return false;
  id.high = common::LoadBig<std::uint64_t>(&bytes.front());
  id.low = common::LoadBig<std::uint64_t>(&bytes[sizeof(id.high)]);
  return true;
}

char* StoreField(char* out, WireType type, std::int16_t id) {
  *out = static_cast<char>(type);
  common::StoreBig(out + 1, id);
  return out + 3;
}

void ReadAdd(WireReader& reader, protocol::Add& add, bool& keys_good) {
  bool has_entry = false;
  bool has_key = false;
  for (WireField field; reader.NextField(field);) {
    if (field.Is(1, WireType::kBinary)) {
      add.entry = reader.Binary();
      has_entry = true;
    } else if (field.Is(2, WireType::kBinary)) {
      keys_good = LoadUuid(reader.Binary(), add.key) && keys_good;
      has_key = true;
    } else if (field.Is(3, WireType::kBool)) {
      add.recovery = reader.Bool();
    } else {
      reader.Skip(field.type);
    }
  }
  if (!has_entry || !has_key) reader.Fail();
}

void ReadAddRequest(WireReader& reader, AddCall& call, bool& ids_good) {
  bool has_bookie = false;
  bool has_deadline = false;
  bool has_adds = false;
  for (WireField field; reader.NextField(field);) {
    if (field.Is(1, WireType::kBinary)) {
      ids_good = LoadUuid(reader.Binary(), call.bookie) && ids_good;
      has_bookie = true;
    } else if (field.Is(2, WireType::kI32)) {
      call.deadline_ms = reader.I32();
      has_deadline = true;
    } else if (field.Is(3, WireType::kList)) {
      const std::uint32_t count = reader.List(WireType::kStruct, kMinAddBytes);
      call.adds.clear();
      for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        ReadAdd(reader, call.adds.emplace_back(), ids_good);
      }
      has_adds = true;
    } else {
      reader.Skip(field.type);
    }
  }
  if (!has_bookie || !has_deadline || !has_adds) reader.Fail();
}

bool ReadAddReply(WireReader& reader, std::vector<protocol::Code>& codes,
                  std::int32_t& retry_after_ms) {
  bool has_codes = false;
  for (WireField field; reader.NextField(field);) {
    if (field.Is(1, WireType::kList)) {
      const std::uint32_t count = reader.List(WireType::kI32, kCodeBytes);
      codes.clear();
      for (std::uint32_t i = 0; i < count; ++i) codes.push_back(CodeFromWire(reader.I32()));
      has_codes = true;
    } else if (field.Is(2, WireType::kI32)) {
      retry_after_ms = std::clamp(reader.I32(), 0, protocol::kMaxRetryAfterMs);
    } else {
      reader.Skip(field.type);
    }
  }
  if (!has_codes) reader.Fail();
  return has_codes;
}

}  // namespace

AddFrame::AddFrame(std::string block, std::int32_t seqid, protocol::BookieId bookie,
                   std::int32_t deadline_ms)
    : bookie_(bookie), seqid_(seqid), bytes_(std::move(block)) {
  bytes_.clear();
  BeginFrame(bytes_, MessageType::kCall, kAddMethod, seqid);
  AppendField(bytes_, WireType::kStruct, 1);
  AppendField(bytes_, WireType::kBinary, 1);
  common::AppendBig(bytes_, static_cast<std::uint32_t>(kUuidBytes));
  common::AppendBig(bytes_, bookie.high);
  common::AppendBig(bytes_, bookie.low);
  AppendField(bytes_, WireType::kI32, 2);
  common::AppendBig(bytes_, deadline_ms);
  AppendField(bytes_, WireType::kList, 3);
  bytes_.push_back(static_cast<char>(WireType::kStruct));
  count_at_ = bytes_.size();
  common::AppendBig(bytes_, std::uint32_t{0});
}

void AddFrame::Append(const protocol::Add& add) {
  char head[7];
  common::StoreBig(StoreField(head, WireType::kBinary, 1),
                   static_cast<std::uint32_t>(add.entry.size()));

  char tail[kOverheadBytes - sizeof(head)];
  char* out = StoreField(tail, WireType::kBinary, 2);
  common::StoreBig(out, static_cast<std::uint32_t>(kUuidBytes));
  StoreUuid(out + 4, add.key);
  out = StoreField(out + 4 + kUuidBytes, WireType::kBool, 3);
  *out++ = add.recovery ? 1 : 0;
  *out = static_cast<char>(WireType::kStop);

  bytes_.append(head, sizeof(head));
  bytes_.append(add.entry);
  bytes_.append(tail, sizeof(tail));
  ++count_;
}

std::string AddFrame::Seal() && {
  QUIRE_CHECK(count_ > 0 && count_ <= protocol::kMaxEntriesPerCall);
  common::StoreBig(bytes_.data() + count_at_, count_);
  AppendStop(bytes_);
  AppendStop(bytes_);
  QUIRE_CHECK(SealFrame(bytes_, 0));
  return std::move(bytes_);
}

Decoded DecodeAddCall(std::string_view body, AddCall& call) {
  call.adds.clear();
  WireReader reader(body);
  bool ids_good = true;
  bool has_request = false;
  for (WireField field; reader.NextField(field);) {
    if (field.Is(1, WireType::kStruct)) {
      ReadAddRequest(reader, call, ids_good);
      has_request = true;
    } else {
      reader.Skip(field.type);
    }
  }
  if (!reader.ok() || !reader.at_end() || !has_request) return Decoded::kMalformed;
  if (!ids_good || call.deadline_ms < 0 || call.adds.empty() ||
      call.adds.size() > protocol::kMaxEntriesPerCall) {
    return Decoded::kBadRequest;
  }
  return Decoded::kOk;
}

void AppendAddReply(std::string& out, std::int32_t seqid, std::span<const protocol::Code> codes,
                    std::int32_t retry_after_ms) {
  QUIRE_CHECK(codes.size() <= kMaxWireElements);
  const std::size_t begin = BeginFrame(out, MessageType::kReply, kAddMethod, seqid);
  AppendField(out, WireType::kStruct, 0);
  AppendField(out, WireType::kList, 1);
  out.push_back(static_cast<char>(WireType::kI32));
  common::AppendBig(out, static_cast<std::uint32_t>(codes.size()));
  const std::size_t at = out.size();
  out.resize(at + codes.size() * kCodeBytes);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    common::StoreBig(out.data() + at + i * kCodeBytes, static_cast<std::int32_t>(codes[i]));
  }
  if (retry_after_ms > 0) {
    AppendField(out, WireType::kI32, 2);
    common::AppendBig(out, retry_after_ms);
  }
  AppendStop(out);
  AppendStop(out);
  QUIRE_CHECK(SealFrame(out, begin));
}

bool DecodeAddReply(std::string_view body, std::vector<protocol::Code>& codes,
                    std::int32_t* retry_after_ms) {
  codes.clear();
  std::int32_t retry = 0;
  WireReader reader(body);
  bool has_codes = false;
  for (WireField field; reader.NextField(field);) {
    if (field.Is(0, WireType::kStruct)) {
      has_codes = ReadAddReply(reader, codes, retry);
    } else {
      reader.Skip(field.type);
    }
  }
  if (retry_after_ms != nullptr) *retry_after_ms = retry;
  return reader.ok() && reader.at_end() && has_codes;
}

protocol::Code CodeFromWire(std::int32_t value) {
  if (value < 0 || value > static_cast<std::int32_t>(protocol::Code::kExpired)) {
    return protocol::Code::kUnknown;
  }
  return static_cast<protocol::Code>(value);
}

}  // namespace quire::rpc
