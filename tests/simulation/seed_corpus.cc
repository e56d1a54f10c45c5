#include "tests/simulation/seed_corpus.h"

#include <charconv>
#include <string_view>
#include <utility>

namespace quire::simulation {
namespace {

// Takes the first word off the front.
std::string_view Word(std::string_view& rest) {
  const std::size_t begin = std::min(rest.find_first_not_of(" \t"), rest.size());
  rest.remove_prefix(begin);
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

}  // namespace

common::Result<std::vector<CorpusSeed>> ReadCorpus(std::istream& in) {
  std::vector<CorpusSeed> seeds;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    std::string_view rest = line;
    const std::string_view first = Word(rest);
    if (first.empty() || first.starts_with('#')) continue;
    CorpusSeed seed;
    const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), seed.seed);
    seed.profile = Word(rest);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    seed.history = rest;
    const bool number_good = error == std::errc() && end == first.data() + first.size();
    if (!number_good || seed.profile.empty() || seed.history.empty()) {
      return common::Fail(
          common::Errc::kCorrupt,
          "line " + std::to_string(number) + " of the corpus is not '<seed> <profile> <history>'");
    }
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

}  // namespace quire::simulation
