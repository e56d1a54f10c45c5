#include "tools/disk_commands.h"

#include <CLI/CLI.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "tools/disk_inspect.h"
#include "tools/disk_rebuild.h"
#include "tools/disk_verify.h"

namespace quire::tools {
namespace {

struct Flags {
  std::string directory;
  std::optional<std::int64_t> ledger;
  bool quiet = false;
  bool yes = false;
  bool skip_gap = false;
  bool undelete = false;
};

}  // namespace

void AddDiskCommands(CLI::App& app, Session& session) {
  CLI::App* disk = app.add_subcommand(
      "disk", "Look at the directory of a bookie that is stopped, or make its index anew");
  disk->require_subcommand(1)->fallthrough();
  auto flags = std::make_shared<Flags>();

  CLI::App* inspect = disk->add_subcommand(
      "inspect",
      "Show what a stopped bookie's directory holds: its identity, journal, index, segments\n"
      "and ledgers. Exit status 6: something in it is damaged.\n"
      "Example: quire disk inspect /data/1 --ledger 42");
  inspect->add_option("directory", flags->directory, "A --dir of the bookie")->required();
  inspect
      ->add_option("--ledger", flags->ledger,
                   "Only this ledger: its state, where its entries are, and its records in the "
                   "journal that are not in the store yet")
      ->check(
          CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()).description("ID"));
  inspect->callback([&session, flags] {
    session.command = [&session, flags] {
      return DiskInspect(session, flags->directory, flags->ledger);
    };
  });

  CLI::App* verify = disk->add_subcommand(
      "verify",
      "Read all of a stopped bookie's directory and check every checksum, and the index\n"
      "against the segments. Each finding says what it means and what to do. Exit status 6:\n"
      "there is damage; what a crash leaves behind is told and is none.\n"
      "Example: quire disk verify /data/1");
  verify->add_option("directory", flags->directory, "A --dir of the bookie")->required();
  verify->add_flag("--quiet", flags->quiet, "No progress line");
  verify->callback([&session, flags] {
    session.command = [&session, flags] {
      return DiskVerify(session, flags->directory, flags->quiet);
    };
  });

  CLI::App* rebuild = disk->add_subcommand(
      "rebuild-index",
      "Make the index of a stopped bookie anew out of its segments, when it is lost or damaged.\n"
      "Without --yes it reads everything, says what it found and changes nothing. The bookie\n"
      "then serves what it has; of ledgers of the time before it denies nothing and takes\n"
      "nothing from their writers, for it cannot know which were fenced. The old index is kept\n"
      "as index.old-1 and so on. Exit status 6: some entries could not be read.\n"
      "With --undelete ledgers that were deleted by mistake come back, as far as their segments\n"
      "are still there or in quarantine; an index that is whole keeps all it knows of others.\n"
      "Example: quire disk rebuild-index /data/1 --yes");
  rebuild->add_option("directory", flags->directory, "A --dir of the bookie")->required();
  rebuild->add_flag("--yes", flags->yes, "Do it");
  rebuild->add_flag("--skip-gap", flags->skip_gap,
                    "Do it also when journal files are missing between others: records in front "
                    "of the gap are not replayed");
  rebuild->add_flag("--undelete", flags->undelete,
                    "Bring back what was deleted: segments leave quarantine, and deletions in the "
                    "journal do not count. Put the metadata store right before the bookie starts, "
                    "or it deletes the ledgers again");
  rebuild->add_flag("--quiet", flags->quiet, "No progress line");
  rebuild->callback([&session, flags] {
    session.command = [&session, flags] {
      return DiskRebuild(session, flags->directory,
                         {.yes = flags->yes,
                          .skip_gap = flags->skip_gap,
                          .undelete = flags->undelete,
                          .quiet = flags->quiet});
    };
  });
}

}  // namespace quire::tools
