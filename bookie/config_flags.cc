#include "bookie/config_flags.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "bookie/config_table.h"
#include "bookie/near_name.h"

namespace quire::bookie {
namespace {

constexpr const char* kAbout =
    "Stores ledger entries. Each --dir is a bookie of its own, with its own journal and index, so "
    "that losing a disk loses one bookie and the others go on.";
constexpr const char* kFooter =
    "A flag goes before QUIRE_METADATA, that before the file, the file before the default.\n"
    "Exit codes: 0 clean stop (SIGTERM, SIGINT), 1 failure at run time, 2 wrong configuration, 3 a "
    "directory is not the bookie or the cluster that the metadata store knows (nothing was "
    "changed), or another daemon is registered as its bookie.\n"
    "When it serves, one line goes to standard output: bookie ready: address=HOST:PORT "
    "bookies=ID[,ID] [http=HOST:PORT]";

std::unexpected<ConfigExit> Wrong(std::string text) {
  return std::unexpected(
      ConfigExit{.code = ExitCode::kUsage, .text = std::move(text) + ". See bookie --help"});
}

// For --help. Nothing for what is not set.
std::string DefaultText(const Option& option) {
  const OptionValue value = option.get(Config());
  switch (option.form) {
    case Option::Form::kNumber: return std::to_string(std::get<std::int64_t>(value));
    case Option::Form::kText: return std::get<std::string>(value);
    case Option::Form::kTruth:
    case Option::Form::kList: return {};
  }
  return {};
}

// Keeps the words of the flag; they are read when CLI11 has found all.
void AddFlag(const Option& option, std::vector<std::string>& words, CLI::App& app) {
  const std::string reason(option.reason);
  if (option.form == Option::Form::kTruth) {
    app.add_flag_function(
        option.Flag(), [&words](std::int64_t count) { words = {count > 0 ? "true" : "false"}; },
        reason);
    return;
  }
  CLI::Option* flag =
      option.form == Option::Form::kList
          ? app.add_option(option.Flag(), words, reason)->allow_extra_args(false)
          : app.add_option_function<std::string>(
                option.Flag(), [&words](const std::string& word) { words = {word}; }, reason);
  flag->type_name("(" + option.takes + ")");
  if (const auto text = DefaultText(option); !text.empty()) flag->default_str(text);
  if (option.name == "metadata") flag->envname("QUIRE_METADATA");
}

// A near name for the first flag that there is not.
std::string Hint(const CLI::App& app) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
  for (const std::string& word : app.remaining()) {
    if (word.starts_with("--")) return DidYouMean(word.substr(0, word.find('=')), known);
  }
  return {};
}

}  // namespace

std::expected<CommandLine, ConfigExit> ReadCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  bool check = false;
  bool print = false;
  std::vector<std::vector<std::string>> words(ConfigTable().size());

  CLI::App app(kAbout, "bookie");
  app.footer(kFooter);
  app.add_option("--config", line.file,
                 "A file of options as TOML: the flags below, with _ for -, as keys")
      ->type_name("FILE");
  app.add_option("--rejoin", line.rejoin,
                 "One of --dir that is to become a new bookie although it was one before; for one "
                 "start, when it is certain that its disk is lost and not only unmounted")
      ->type_name("DIRECTORY")
      ->allow_extra_args(false);
  app.add_flag("--check-config", check,
               "Says whether the configuration is valid, as far as can be told without a look at "
               "disks and network, and ends with exit code 0 or 2");
  app.add_flag("--print-config", print,
               "Prints the configuration as a file, the reason of each option above it, and ends");
  for (std::size_t i = 0; i < words.size(); ++i) AddFlag(ConfigTable()[i], words[i], app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(ConfigExit{.code = ExitCode::kClean, .text = app.help()});
  } catch (const CLI::ParseError& error) {
    return Wrong(error.what() + Hint(app));
  }
  if (check && print) return Wrong("--check-config and --print-config: one of the two");
  if (check) line.action = CommandLine::Action::kCheck;
  if (print) line.action = CommandLine::Action::kPrint;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].empty()) continue;
    const Option& option = ConfigTable()[i];
    auto value = ValueOfWords(option, words[i]);
    if (!value) return Wrong(option.Flag() + ": " + value.error());
    line.settings.emplace(option.name, Given{.value = *std::move(value), .where = option.Flag()});
  }
  return line;
}

}  // namespace quire::bookie
