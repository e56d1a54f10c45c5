#include "bookie/config_toml.h"

// What toml++ 3.3 asserts of its input is not always so ("[`" is enough), and what it asserts it
// takes for granted in a release build. Without the assertions its own checks, which follow them,
// refuse such a file.
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "bookie/config_table.h"
#include "bookie/near_name.h"

namespace quire::bookie {
namespace {

constexpr std::uintmax_t kMostBytes = 1 << 20;  // of a file; a configuration has a few thousand

std::string At(const std::string& name, const toml::source_region& region) {
  return name + ":" + std::to_string(region.begin.line) + ": ";
}

std::string UnknownKey(const std::string& key, const toml::node& node) {
  if (node.is_table()) {
    return "there is no section or table '" + key + "' here: every key stands by itself";
  }
  std::vector<std::string> keys;
  for (const Option& option : ConfigTable()) keys.push_back(option.Key());
  std::string text = "there is no option '" + key + "'";
  if (const std::string near = DidYouMean(key, keys); !near.empty()) return text + near;
  text += "; there are";
  for (const std::string& known : keys) text += " " + known;
  return text;
}

std::optional<OptionValue> ListOf(const toml::array& array) {
  std::vector<std::string> list;
  for (const toml::node& element : array) {
    const auto* text = element.as_string();
    if (text == nullptr) return std::nullopt;
    list.push_back(text->get());
  }
  return list;
}

std::expected<OptionValue, std::string> ValueOfNode(const Option& option, const toml::node& node) {
  switch (option.form) {
    case Option::Form::kTruth:
      if (const auto* truth = node.as_boolean()) return truth->get();
      return std::unexpected("expected true or false");
    case Option::Form::kNumber:
      if (const auto* number = node.as_integer()) return number->get();
      return std::unexpected("expected a whole number (" + option.takes + ")");
    case Option::Form::kText:
      if (const auto* text = node.as_string()) return text->get();
      return std::unexpected("expected a text in quotation marks (" + option.takes + ")");
    case Option::Form::kList:
      if (const auto* array = node.as_array()) {
        if (auto list = ListOf(*array)) return *std::move(list);
      }
      return std::unexpected("expected a list of texts, [\"" + option.takes + "\", ...]");
  }
  return std::unexpected("expected something else");
}

std::string Quoted(const std::string& text) {
  const toml::value<std::string> value(text);
  std::ostringstream out;
  out << toml::toml_formatter(
      value, toml::toml_formatter::default_flags & ~toml::format_flags::allow_literal_strings);
  return out.str();
}

void PrintValue(const Option& option, const OptionValue& value, std::ostream& out) {
  switch (option.form) {
    case Option::Form::kTruth: out << (std::get<bool>(value) ? "true" : "false"); return;
    case Option::Form::kNumber: out << std::get<std::int64_t>(value); return;
    case Option::Form::kText: out << Quoted(std::get<std::string>(value)); return;
    case Option::Form::kList: {
      const char* separator = "[";
      for (const std::string& text : std::get<std::vector<std::string>>(value)) {
        out << std::exchange(separator, ", ") << Quoted(text);
      }
      out << "]";
    }
  }
}

bool IsSet(const OptionValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return !text->empty();
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return !list->empty();
  return true;
}

}  // namespace

std::expected<Settings, std::string> ReadTomlFile(const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (error) return std::unexpected(path + ": " + error.message());
  if (bytes > kMostBytes) return std::unexpected(path + ": over 1 MiB, this is no configuration");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return std::unexpected(path + ": cannot be read");
  return ReadToml(text.str(), path);
}

std::expected<Settings, std::string> ReadToml(std::string_view text, const std::string& name) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return std::unexpected(At(name, parsed.error().source()) +
                           "this is no TOML: " + std::string(parsed.error().description()));
  }
  Settings settings;
  for (const auto& [key, node] : parsed.table()) {
    const std::string spelled(key.str());
    const Option* found = nullptr;
    for (const Option& option : ConfigTable()) {
      if (option.Key() == spelled) found = &option;
    }
    if (found == nullptr) {
      return std::unexpected(At(name, key.source()) + UnknownKey(spelled, node));
    }
    const std::string where = At(name, key.source()) + spelled;
    auto value = ValueOfNode(*found, node);
    if (!value) return std::unexpected(where + ": " + value.error());
    settings.emplace(found->name, Given{.value = *std::move(value), .where = where});
  }
  return settings;
}

std::string ToToml(const Config& config) {
  std::ostringstream out;
  out << "# The configuration of a bookie, for --config. A flag of the same name goes before it.\n";
  for (const Option& option : ConfigTable()) {
    const OptionValue value = option.get(config);
    out << "\n# " << option.reason << ".\n";
    if (!IsSet(value)) {  // so that what there is can be seen
      const bool list = option.form == Option::Form::kList;
      out << "#" << option.Key() << " = " << (list ? "[" : "") << '"' << option.takes << '"'
          << (list ? "]" : "") << "\n";
      continue;
    }
    out << "# " << option.takes;
    if (const OptionValue usual = option.get(Config()); IsSet(usual)) {
      out << "; default ";
      PrintValue(option, usual, out);
    }
    out << "\n" << option.Key() << " = ";
    PrintValue(option, value, out);
    out << "\n";
  }
  return out.str();
}

}  // namespace quire::bookie
