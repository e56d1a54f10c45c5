// The configuration file of the daemon. Input: its text.

#include "bookie/config_table.h"
#include "bookie/config_toml.h"
#include "common/check.h"
#include "tests/fuzz/fuzz_target.h"

namespace quire::fuzz {

void Run(std::string_view input) {
  const auto settings = bookie::ReadToml(input, "f");
  if (!settings) {
    QUIRE_CHECK(settings.error().starts_with("f:"));
    return;
  }
  bookie::Config config;
  for (const bookie::Option& option : bookie::ConfigTable()) {
    const auto given = settings->find(option.name);
    if (given == settings->end()) continue;
    if (!option.set(config, given->second.value)) return;
    QUIRE_CHECK(option.get(config).index() == given->second.value.index());
  }
  // What was taken is printed so that it says the same again.
  const std::string printed = bookie::ToToml(config);
  const auto again = bookie::ReadToml(printed, "printed");
  QUIRE_CHECK(again.has_value());
  bookie::Config loaded;
  for (const bookie::Option& option : bookie::ConfigTable()) {
    const auto given = again->find(option.name);
    if (given != again->end()) QUIRE_CHECK(option.set(loaded, given->second.value).has_value());
    QUIRE_CHECK(option.get(loaded) == option.get(config));
  }
}

}  // namespace quire::fuzz
