#include "bookie/status_report_json.h"

#include <cmath>

#include "bookie/metrics_number.h"

namespace quire::bookie {

void JsonText::Separate() {
  if (!first_) text_ += ',';
  first_ = false;
}

void JsonText::Open(char bracket) {
  Separate();
  text_ += bracket;
  first_ = true;
}

void JsonText::Close(char bracket) {
  text_ += bracket;
  first_ = false;
}

void JsonText::Key(std::string_view name) {
  Separate();
  Quote(name);
  text_ += ':';
  first_ = true;
}

void JsonText::Value(std::string_view text) {
  Separate();
  Quote(text);
}

void JsonText::Value(std::uint64_t number) {
  Separate();
  text_ += std::to_string(number);
}

void JsonText::Value(double number) {
  if (!std::isfinite(number)) return Null();
  Separate();
  text_ += ShortestText(number);
}

void JsonText::Value(bool truth) {
  Separate();
  text_ += truth ? "true" : "false";
}

void JsonText::Null() {
  Separate();
  text_ += "null";
}

void JsonText::Quote(std::string_view text) {
  text_ += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view kHex = "0123456789abcdef";
      text_ += "\\u00";
      text_ += kHex[static_cast<std::size_t>(c) >> 4];
      text_ += kHex[static_cast<std::size_t>(c) & 15];
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

}  // namespace quire::bookie
