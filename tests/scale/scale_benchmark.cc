// A bookie with very many ledgers: fills one, stops it cleanly, starts it again, and prints how
// long that took and what memory it takes. Not a test; run by hand:
//   scale_benchmark --ledgers 1000000 --entries 3 --dir DIRECTORY [--look]
// --look: also how long the bookie needs to ask ZooKeeper for each of its ledgers once.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "tests/scale/scale_run.h"

namespace {

double MiB(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

void PrintMemory(const char* when, const quire::scale::Memory& memory) {
  std::printf("%-28s %7.1f MiB resident, %7.1f MiB at most\n", when, MiB(memory.resident),
              MiB(memory.peak));
}

}  // namespace

int main(int argc, char** argv) {
  quire::scale::ScaleRun::Options options{.filling = {.ledgers = 1'000'000, .entries = 3},
                                          .directory = {},
                                          .flags = {"--min-free-mb", "64"}};
  bool look = false;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--look") {
      look = true;
      continue;
    }
    ++i;
    if (flag == "--ledgers") {
      options.filling.ledgers = std::atoll(value);
    } else if (flag == "--entries") {
      options.filling.entries = std::atoll(value);
    } else if (flag == "--payload") {
      options.filling.payload = static_cast<std::size_t>(std::atoll(value));
    } else if (flag == "--dir") {
      options.directory = value;
    } else {
      std::fprintf(stderr, "unknown flag %s\n", flag.c_str());
      return 2;
    }
  }
  if (options.filling.ledgers < 1 || options.filling.entries < 1) return 2;
  if (!options.directory.empty() && std::filesystem::exists(options.directory)) {
    std::fprintf(stderr, "%s is there already; name a directory to be made\n",
                 options.directory.c_str());
    return 2;
  }
  options.flags.insert(options.flags.end(), {"--gc-interval-seconds", look ? "10" : "86400"});

  quire::scale::ScaleRun run(options);
  const double fill = run.Fill();
  std::printf("%lld ledgers of %lld entries: %.1f s, %.0f entries/s\n",
              static_cast<long long>(options.filling.ledgers),
              static_cast<long long>(options.filling.entries), fill,
              static_cast<double>(options.filling.total()) / fill);
  PrintMemory("filled:", run.MemoryNow());
  std::printf("clean stop: %.2f s\n", run.Stop());
  std::printf("start to ready: %.2f s\n", run.Start());
  PrintMemory("ready:", run.MemoryNow());
  std::string text;
  std::printf("/metrics: %.1f ms", run.Get("/metrics", text) * 1e3);
  std::printf(", /status: %.1f ms\n", run.Get("/status", text) * 1e3);
  const auto wrong = run.Check(1000);
  std::printf("1000 samples read, %lld wrong\n", static_cast<long long>(wrong));
  PrintMemory("after reading:", run.MemoryNow());
  if (look) {
    std::fflush(stdout);
    std::printf("one look for deleted ledgers: %.1f s\n",
                run.AwaitLog("space collection stands still"));
    PrintMemory("after it:", run.MemoryNow());
  }
  std::printf("clean stop: %.2f s\n", run.Stop());
  return wrong == 0 ? 0 : 1;
}
