#include "tests/exhaustive/configuration.h"

#include <algorithm>

#include "common/check.h"

namespace quire::exhaustive {

std::vector<std::string> ConfigurationNames() {
  return {"3/3/2", "3/2/2", "2/2/1", "3/3/2+1", "3/2/2+1", "2/2/1+1"};
}

Configuration NamedConfiguration(std::string_view name) {
  const auto names = ConfigurationNames();
  QUIRE_CHECK(std::ranges::find(names, name) != names.end());
  Configuration configuration;
  configuration.name = name;
  configuration.replication = {
      .ensemble = name[0] - '0', .write_quorum = name[2] - '0', .ack_quorum = name[4] - '0'};
  configuration.spares = name.ends_with("+1") ? 1 : 0;
  return configuration;
}

std::string Configuration::ToString() const {
  std::string text = name;
  const auto add = [&](int count, const std::string& what) {
    if (count == 0) return;
    text += ", " + std::to_string(count) + " " + what +
            (count == 1        ? ""
             : what == "crash" ? "es"
                               : "s");
  };
  text += ", " + std::to_string(entries) + (entries == 1 ? " entry" : " entries");
  add(recoverers, "recoverer");
  if (window != 1) text += ", window " + std::to_string(window);
  add(budgets.timeouts, "timeout");
  add(budgets.crashes, "crash");
  add(budgets.lost_answers, "lost answer");
  if (!writer_closes) text += ", the writer never closes";
  if (!merge_states) text += ", by histories";
  if (!symmetry) text += ", by names";
  if (!eager) text += ", no eager steps";
  return text;
}

}  // namespace quire::exhaustive
