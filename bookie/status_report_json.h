#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quire::bookie {

// Writes one JSON value from its parts in order: Open, Key, a value, ..., Close. Separators and
// escapes are its business, that the parts make a value is the caller's. Text is UTF-8, and what is
// not comes out as replacement characters.
class JsonText {
 public:
  void OpenObject() { Open('{'); }
  void CloseObject() { Close('}'); }
  void OpenList() { Open('['); }
  void CloseList() { Close(']'); }
  void Key(std::string_view name);

  void Value(std::string_view text);
  void Value(const char* text) { Value(std::string_view(text)); }
  void Value(std::uint64_t number);
  void Value(double number);
  void Value(bool truth);
  void Null();

  // A key and its value.
  template <typename T>
  void Put(std::string_view name, const T& value) {
    Key(name);
    Value(value);
  }

  const std::string& text() const { return text_; }

 private:
  void Open(char bracket);
  void Close(char bracket);
  void Separate();
  void Quote(std::string_view text);

  std::string text_;
  bool first_ = true;  // nothing stands before it: no comma
};

}  // namespace quire::bookie
