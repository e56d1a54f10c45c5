#include "metadata/tree_path.h"

#include <algorithm>

#include "common/check.h"

namespace quire::metadata {
namespace {

bool IsSegment(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  return std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c >= 0x7f; });
}

}  // namespace

common::Result<void> CheckPath(std::string_view path) {
  const auto refuse = [path] {
    return common::Fail(common::Errc::kInvalidArgument,
                        "metadata path '" + std::string(path) + "' is not well formed");
  };
  if (!path.starts_with('/')) return refuse();
  if (path == "/") return {};
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view name = rest.substr(0, rest.find('/'));
    if (!IsSegment(name)) return refuse();
    rest.remove_prefix(name.size());
  }
  return {};
}

std::string_view ParentPath(std::string_view path) {
  QUIRE_CHECK(path.size() > 1);
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string_view NodeName(std::string_view path) {
  QUIRE_CHECK(path.size() > 1);
  return path.substr(path.rfind('/') + 1);
}

}  // namespace quire::metadata
