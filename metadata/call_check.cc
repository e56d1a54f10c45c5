#include "metadata/call_check.h"

#include "metadata/tree_path.h"

namespace quire::metadata {
namespace {

using common::Errc;
using common::Fail;
using common::Result;

Result<void> CheckValueSize(const std::string& path, std::size_t bytes) {
  if (bytes <= kMaxValueBytes) return {};
  return Fail(Errc::kInvalidArgument, "metadata value of " + std::to_string(bytes) + " bytes for " +
                                          path + ", more than " + std::to_string(kMaxValueBytes));
}

Result<void> CheckVersion(const std::string& path, Version version) {
  if (version.value >= 0) return {};
  return Fail(Errc::kInvalidArgument,
              "version " + std::to_string(version.value) + " of " + path + " names no version");
}

}  // namespace

Result<void> CheckRead(const std::string& path) {
  return CheckPath(path);
}

Result<void> CheckCreate(const std::string& path, std::string_view value) {
  QUIRE_TRY(CheckPath(path));
  if (path == "/") return Fail(Errc::kInvalidArgument, "the root of the metadata is not changed");
  return CheckValueSize(path, value.size());
}

Result<void> CheckChange(const std::string& path, std::string_view value, Version expected) {
  QUIRE_TRY(CheckCreate(path, value));
  return CheckVersion(path, expected);
}

Result<void> CheckMulti(const std::vector<Op>& ops) {
  std::size_t bytes = 0;
  for (const Op& op : ops) {
    QUIRE_TRY(CheckCreate(op.path, op.value));
    if (op.kind != Op::Kind::kCreate) QUIRE_TRY(CheckVersion(op.path, op.version));
    bytes += op.path.size() + op.value.size();
  }
  return CheckValueSize("a group", bytes);
}

}  // namespace quire::metadata
