// Writes the seeds of the fuzz targets, or checks that they are the ones this program would write:
// after a change of format old seeds lead nowhere.
//
//   fuzz_make_corpus DIR           DIR/<target>/<name>, for tests/fuzz/corpus
//   fuzz_make_corpus DIR --check   exit 1 and a line for each seed that is missing or differs

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "common/check.h"
#include "tests/fuzz/corpus.h"

namespace quire::fuzz {
namespace {

namespace fs = std::filesystem;

// `run` gives no target a longer input.
constexpr std::size_t kMostBytes = 8192;

std::string Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool Write(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  return file.good();
}

int Main(const fs::path& directory, bool check) {
  Corpus corpus;
  AddRpcSeeds(corpus);
  AddBookieSeeds(corpus);
  AddMetadataSeeds(corpus);
  AddTextSeeds(corpus);
  int wrong = 0;
  for (const auto& [key, bytes] : corpus.seeds()) {
    const fs::path path = directory / key.first / key.second;
    if (check ? fs::exists(path) && Contents(path) == bytes : Write(path, bytes)) continue;
    std::printf("%s: %s\n", path.c_str(),
                check ? "is not what fuzz_make_corpus writes; run it" : "cannot be written");
    ++wrong;
  }
  std::printf("%zu seeds, %d wrong\n", corpus.seeds().size(), wrong);
  return wrong == 0 ? 0 : 1;
}

}  // namespace

void Corpus::Add(std::string_view target, std::string_view name, std::string bytes) {
  QUIRE_CHECK(bytes.size() <= kMostBytes);
  const bool added =
      seeds_.try_emplace({std::string(target), std::string(name)}, std::move(bytes)).second;
  QUIRE_CHECK(added);
}

}  // namespace quire::fuzz

int main(int argc, char** argv) {
  const bool check = argc == 3 && std::string_view(argv[2]) == "--check";
  if (argc < 2 || argc > 3 || (argc == 3 && !check)) {
    std::fprintf(stderr, "usage: fuzz_make_corpus DIR [--check]\n");
    return 2;
  }
  return quire::fuzz::Main(argv[1], check);
}
