#include "bookie/status_report_json.h"

#include <nlohmann/json.hpp>

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
  Separate();
  text_ += nlohmann::json(number).dump();
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
  text_ += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace quire::bookie
