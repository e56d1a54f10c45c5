#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace quire::fuzz {

// Seed inputs by target and name, made of values that the product itself encodes.
class Corpus {
 public:
  using Seeds = std::map<std::pair<std::string, std::string>, std::string>;  // target, name

  void Add(std::string_view target, std::string_view name, std::string bytes);
  const Seeds& seeds() const { return seeds_; }

 private:
  Seeds seeds_;
};

void AddRpcSeeds(Corpus& corpus);
void AddBookieSeeds(Corpus& corpus);
void AddMetadataSeeds(Corpus& corpus);
void AddTextSeeds(Corpus& corpus);

}  // namespace quire::fuzz
