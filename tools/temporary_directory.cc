#include "tools/temporary_directory.h"

#include <stdlib.h>

#include <filesystem>

namespace quire::tools {

namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory(const std::string& parent) {
  const fs::path where = parent.empty() ? fs::temp_directory_path() : fs::path(parent);
  std::string name = (where / "quire-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) != nullptr) path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace quire::tools
