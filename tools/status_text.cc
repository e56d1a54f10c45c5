#include "tools/status_text.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "tools/console.h"

namespace quire::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kNameColumns = 19;

bool TakeEnd(std::string& name, std::string_view end) {
  if (!name.ends_with(end)) return false;
  name.resize(name.size() - end.size());
  return true;
}

std::string Seconds(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  const auto two = [](std::int64_t n, const char* unit, std::int64_t rest, const char* smaller) {
    return std::to_string(n) + unit + (rest == 0 ? "" : " " + std::to_string(rest) + smaller);
  };
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return two(whole / 60, " min", whole % 60, " s");
  if (whole < 24 * 3600) return two(whole / 3600, " h", whole / 60 % 60, " min");
  return two(whole / 86400, " d", whole / 3600 % 24, " h");
}

// Takes the unit off the name.
std::string ValueText(std::string& name, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number()) {
    if (TakeEnd(name, "_bytes")) return HumanBytes(value.get<double>());
    if (TakeEnd(name, "_seconds")) return Seconds(value.get<double>());
    return value.is_number_integer() ? HumanCount(value.get<std::int64_t>()) : value.dump();
  }
  if (value.is_null() || value.empty()) return "none";
  std::string text;
  for (const auto& [key, part] : value.items()) {
    std::string inner = key;
    const std::string shown = ValueText(inner, part);
    std::ranges::replace(inner, '_', ' ');
    text += (text.empty() ? "" : ", ") + (value.is_array() ? "" : inner + " ") + shown;
  }
  return text;
}

std::string Lines(const Json& object) {
  std::string text;
  for (const auto& [key, value] : object.items()) {
    if (key == "bookies" || key == "start_time_seconds") continue;
    std::string name = key;
    const std::string shown = ValueText(name, value);
    std::ranges::replace(name, '_', ' ');
    name.resize(std::max(name.size(), kNameColumns), ' ');
    text += name + " " + shown + "\n";
  }
  return text;
}

}  // namespace

std::string StatusText(const Json& status) {
  std::string text = Lines(status);
  const auto bookies = status.find("bookies");
  if (bookies == status.end() || !bookies->is_array()) return text;
  for (const Json& bookie : *bookies) text += "\n" + Lines(bookie);
  return text;
}

}  // namespace quire::tools
