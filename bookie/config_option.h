#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "bookie/config.h"

namespace quire::bookie {

// What an option is set to, in its own unit.
using OptionValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

// One thing that an operator may set: the flag --cache-mb, and the key cache_mb of the file.
struct Option {
  enum class Form { kTruth, kNumber, kText, kList };  // in the order of OptionValue

  std::string_view name;  // cache-mb
  Form form;
  std::string takes;        // "MiB, 1 to 65536", or for texts their form: "HOST:PORT"
  std::string_view reason;  // one line: what it does and when to change it
  // Why not, if so. The value has the form.
  std::function<std::expected<void, std::string>(Config&, const OptionValue&)> set;
  std::function<OptionValue(const Config&)> get;  // empty text or list: not set

  std::string Flag() const;  // --cache-mb
  std::string Key() const;   // cache_mb
};

// A value, and where it was given, for whoever has to change it: "--cache-mb", "q.toml:3:
// cache_mb".
struct Given {
  OptionValue value;
  std::string where;
};
using Settings = std::map<std::string_view, Given>;  // by the name of the option

struct Range {
  std::int64_t least;
  std::int64_t most;
};
std::expected<void, std::string> CheckRange(const Range& range, std::string_view unit,
                                            std::int64_t value);
std::string Describe(const Range& range, std::string_view unit);

// What makes rows of the table. `field` gives the place in a Config, const or not, that has the
// value and the default: [](auto& config) -> auto& { return config... }.

// Kept `scale` times as large, or as a time of `scale` nanoseconds.
template <typename Field>
Option NumberOption(std::string_view name, std::string_view unit, Range range, std::int64_t scale,
                    Field field, std::string_view reason) {
  using Kept = std::remove_cvref_t<decltype(field(std::declval<Config&>()))>;
  return {.name = name,
          .form = Option::Form::kNumber,
          .takes = Describe(range, unit),
          .reason = reason,
          .set = [range, unit, scale, field](
                     Config& config, const OptionValue& value) -> std::expected<void, std::string> {
            const auto number = std::get<std::int64_t>(value);
            if (auto fits = CheckRange(range, unit, number); !fits) return fits;
            field(config) = static_cast<Kept>(number * scale);
            return {};
          },
          .get = [scale, field](const Config& config) -> OptionValue {
            if constexpr (std::is_arithmetic_v<Kept>) {
              return static_cast<std::int64_t>(field(config)) / scale;
            } else {
              return static_cast<std::int64_t>(field(config).count()) / scale;
            }
          }};
}
template <typename Field>
Option CountOption(std::string_view name, Range range, Field field, std::string_view reason) {
  return NumberOption(name, "", range, 1, field, reason);
}
template <typename Field>
Option MebibytesOption(std::string_view name, Range range, Field field, std::string_view reason) {
  return NumberOption(name, "MiB", range, 1 << 20, field, reason);
}
template <typename Field>
Option SecondsOption(std::string_view name, Range range, Field field, std::string_view reason) {
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(field(std::declval<Config&>()))>,
                               std::chrono::nanoseconds>);
  return NumberOption(name, "seconds", range, 1'000'000'000, field, reason);
}

template <typename Field>
Option TruthOption(std::string_view name, Field field, std::string_view reason) {
  return {
      .name = name,
      .form = Option::Form::kTruth,
      .takes = "true or false",
      .reason = reason,
      .set = [field](Config& config, const OptionValue& value) -> std::expected<void, std::string> {
        field(config) = std::get<bool>(value);
        return {};
      },
      .get = [field](const Config& config) -> OptionValue { return field(config); }};
}

// One of a few words, each with its value. `words` is constant for ever.
template <typename Value, typename Field>
Option WordOption(std::string_view name, std::span<const std::pair<std::string_view, Value>> words,
                  Field field, std::string_view reason) {
  std::string takes;
  for (const auto& [word, value] : words) takes += (takes.empty() ? "" : ", ") + std::string(word);
  return {.name = name,
          .form = Option::Form::kText,
          .takes = takes,
          .reason = reason,
          .set = [field, takes, words](
                     Config& config, const OptionValue& given) -> std::expected<void, std::string> {
            const auto& text = std::get<std::string>(given);
            for (const auto& [word, value] : words) {
              if (word != text) continue;
              field(config) = value;
              return {};
            }
            return std::unexpected("expected one of " + takes + ", not '" + text + "'");
          },
          .get = [field, words](const Config& config) -> OptionValue {
            for (const auto& [word, value] : words) {
              if (field(config) == value) return std::string(word);
            }
            return std::string();
          }};
}

// Text that `set` takes apart and `get` puts together.
Option TextOption(std::string_view name, std::string_view takes,
                  std::expected<void, std::string> (*set)(Config&, const std::string&),
                  std::string (*get)(const Config&), std::string_view reason);

// The value that the words of a flag stand for, or what was expected.
std::expected<OptionValue, std::string> ValueOfWords(const Option& option,
                                                     const std::vector<std::string>& words);

}  // namespace quire::bookie
