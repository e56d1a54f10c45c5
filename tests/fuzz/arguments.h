#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quire::fuzz {

// A command line out of an input: the program's name, then one argument for each line.
class Arguments {
 public:
  Arguments(std::string program, std::string_view lines) : words_{std::move(program)} {
    while (!lines.empty() && words_.size() < kMost) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      // As of a real command line, an argument ends at its first zero.
      words_.emplace_back(line.substr(0, line.find('\0')));
      lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    }
    for (std::string& word : words_) pointers_.push_back(word.data());
  }

  int count() const { return static_cast<int>(pointers_.size()); }
  const char* const* values() const { return pointers_.data(); }

 private:
  static constexpr std::size_t kMost = 64;

  std::vector<std::string> words_;
  std::vector<const char*> pointers_;
};

}  // namespace quire::fuzz
