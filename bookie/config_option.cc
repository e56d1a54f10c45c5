#include "bookie/config_option.h"

#include <algorithm>
#include <charconv>

namespace quire::bookie {

std::string Option::Flag() const {
  return "--" + std::string(name);
}

std::string Option::Key() const {
  std::string key(name);
  std::ranges::replace(key, '-', '_');
  return key;
}

std::string Describe(const Range& range, std::string_view unit) {
  return (unit.empty() ? "" : std::string(unit) + ", ") + std::to_string(range.least) + " to " +
         std::to_string(range.most);
}

std::expected<void, std::string> CheckRange(const Range& range, std::string_view unit,
                                            std::int64_t value) {
  if (value >= range.least && value <= range.most) return {};
  return std::unexpected(
      "expected " + std::to_string(range.least) + " to " + std::to_string(range.most) +
      (unit.empty() ? "" : " " + std::string(unit)) + ", not " + std::to_string(value));
}

Option TextOption(std::string_view name, std::string_view takes,
                  std::expected<void, std::string> (*set)(Config&, const std::string&),
                  std::string (*get)(const Config&), std::string_view reason) {
  return {
      .name = name,
      .form = Option::Form::kText,
      .takes = std::string(takes),
      .reason = reason,
      .set = [set](Config& config,
                   const OptionValue& value) { return set(config, std::get<std::string>(value)); },
      .get = [get](const Config& config) -> OptionValue { return get(config); }};
}

std::expected<OptionValue, std::string> ValueOfWords(const Option& option,
                                                     const std::vector<std::string>& words) {
  if (option.form == Option::Form::kList) return OptionValue(words);
  if (words.size() != 1) return std::unexpected("given " + std::to_string(words.size()) + " times");
  const std::string& word = words.front();
  if (option.form == Option::Form::kText) return OptionValue(word);
  if (option.form == Option::Form::kTruth) {
    if (word == "true" || word == "false") return OptionValue(word == "true");
    return std::unexpected("expected true or false, not '" + word + "'");
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (word.empty() || error != std::errc{} || end != word.data() + word.size()) {
    return std::unexpected("expected a whole number (" + option.takes + "), not '" + word + "'");
  }
  return OptionValue(number);
}

}  // namespace quire::bookie
