#include "tools/console.h"

#include <unistd.h>

#include <array>
#include <cstdio>

namespace quire::tools {
namespace {

void WriteLine(std::string_view prefix, std::string_view line) {
  std::string text(prefix);
  text.append(line);
  text.push_back('\n');
  // Standard error is where a failure to write would be told.
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

// Errors whose context is a sentence for the user, with what to do: their name would add nothing.
bool SpeaksForItself(const common::Error& error) {
  using common::Errc;
  switch (error.code()) {
    case Errc::kInvalidArgument:
    case Errc::kEntryTooLarge:
    case Errc::kMetadataUnavailable:
    case Errc::kWrongInstance:
    case Errc::kUnsupported: return !error.context().empty();
    default: return false;
  }
}

}  // namespace

void Say(std::string_view line) {
  WriteLine("quire: ", line);
}

void Warn(std::string_view line) {
  WriteLine("quire: warning: ", line);
}

int Failed(std::string_view what, const common::Error& error) {
  std::string line = std::string(what) + ": ";
  const std::string_view advice = AdviceFor(error.code());
  if (SpeaksForItself(error)) {
    line += error.context();
  } else {
    line += error.ToString();
    if (!advice.empty()) line.append("; ").append(advice);
  }
  Say(line);
  return ExitCodeOf(error.code());
}

int Failed(ExitCode status, std::string_view line) {
  Say(line);
  return status;
}

std::string HumanBytes(double bytes) {
  constexpr std::array kUnits{"bytes", "KB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, kUnits[unit]);
  return text;
}

std::string HumanCount(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t sign = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace quire::tools
