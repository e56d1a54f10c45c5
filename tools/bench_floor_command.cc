#include "tools/bench_floor_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "protocol/limits.h"
#include "tools/console.h"
#include "tools/floor_disk.h"
#include "tools/floor_network.h"
#include "tools/floor_path.h"
#include "tools/floor_replica.h"
#include "tools/standard_output.h"
#include "tools/table.h"
#include "tools/temporary_directory.h"

namespace quire::tools {

using common::Fail;
using common::Result;

namespace {

struct Options {
  std::string directory;
  std::int64_t entry_bytes = 1024;
  std::int64_t window = 1000;
  double seconds = 3;
};

struct Floor {
  std::vector<DiskFloor> disk;
  Histogram loopback;
  std::vector<RpcFloor> rpc;
  std::vector<PathFloor> path;
};

Result<Floor> MeasureFloor(const Options& options) {
  const TemporaryDirectory scratch(options.directory);
  if (scratch.path().empty()) {
    return Fail(common::Errc::kIo, "cannot write in " + options.directory);
  }
  Floor floor;
  Say("floor: synced writes in " + options.directory);
  constexpr double kDiskRows = 15;
  auto disk = MeasureDisk(scratch.path(), options.seconds / kDiskRows * 2);
  if (!disk) return Fail(std::move(disk).error());
  floor.disk = *std::move(disk);
  Say("floor: loopback and rpc");
  auto loopback = MeasureLoopback(options.seconds / 3);
  if (!loopback) return Fail(std::move(loopback).error());
  floor.loopback = *loopback;
  for (const std::int64_t window : {std::int64_t{1}, options.window}) {
    auto rpc = MeasureRpc(window, options.entry_bytes, options.seconds / 3);
    if (!rpc) return Fail(std::move(rpc).error());
    floor.rpc.push_back(*rpc);
    Say("floor: the whole path with nothing in it, window " + std::to_string(window));
    auto path = MeasurePath({.directory = scratch.path(),
                             .entry_bytes = options.entry_bytes,
                             .window = window,
                             .seconds = options.seconds});
    if (!path) return Fail(std::move(path).error());
    floor.path.push_back(*std::move(path));
  }
  return floor;
}

std::string Number(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

double Micros(const Histogram& nanoseconds, double fraction) {
  return static_cast<double>(nanoseconds.Quantile(fraction)) / 1e3;
}

double BytesPerSecond(const DiskFloor& row) {
  return row.writes_per_second * static_cast<double>(row.bytes);
}

std::string Text(const Floor& floor) {
  Table disk({"synced writes", "bytes", "writes/s", "bytes/s", "p50 us", "p99 us"});
  for (const DiskFloor& row : floor.disk) {
    disk.Add({row.method, std::to_string(row.bytes), Number("%.0f", row.writes_per_second),
              HumanBytes(BytesPerSecond(row)), Number("%.0f", Micros(row.nanoseconds, 0.5)),
              Number("%.0f", Micros(row.nanoseconds, 0.99))});
  }
  Table path({"path", "window", "1/s", "p50 us", "p99 us", "CPU us client", "CPU us servers"});
  for (const RpcFloor& row : floor.rpc) {
    path.Add({"one rpc server, empty", std::to_string(row.window),
              Number("%.0f", row.adds_per_second), "", "", Number("%.2f", row.client_cpu_us),
              Number("%.2f", row.server_cpu_us)});
  }
  for (const PathFloor& row : floor.path) {
    path.Add({"three replicas, journal and segment", std::to_string(row.window),
              Number("%.0f", row.appends_per_second), Number("%.0f", Micros(row.nanoseconds, 0.5)),
              Number("%.0f", Micros(row.nanoseconds, 0.99)), Number("%.2f", row.client_cpu_us),
              Number("%.2f", row.replicas_cpu_us)});
  }
  return disk.Text() + "loopback round trip: p50 " +
         Number("%.1f us", Micros(floor.loopback, 0.5)) +
         Number(", p99 %.1f us\n", Micros(floor.loopback, 0.99)) + path.Text();
}

nlohmann::json Json(const Options& options, const Floor& floor) {
  nlohmann::json json{{"directory", options.directory}, {"entry_size", options.entry_bytes}};
  for (const DiskFloor& row : floor.disk) {
    json["synced_writes"].push_back({{"method", row.method},
                                     {"bytes", row.bytes},
                                     {"writes_per_second", row.writes_per_second},
                                     {"bytes_per_second", BytesPerSecond(row)},
                                     {"p50_us", Micros(row.nanoseconds, 0.5)},
                                     {"p99_us", Micros(row.nanoseconds, 0.99)}});
  }
  json["loopback_us"] = {{"p50", Micros(floor.loopback, 0.5)},
                         {"p99", Micros(floor.loopback, 0.99)}};
  for (const RpcFloor& row : floor.rpc) {
    json["rpc"].push_back({{"window", row.window},
                           {"per_second", row.adds_per_second},
                           {"client_cpu_us", row.client_cpu_us},
                           {"server_cpu_us", row.server_cpu_us}});
  }
  for (const PathFloor& row : floor.path) {
    json["path"].push_back({{"window", row.window},
                            {"per_second", row.appends_per_second},
                            {"p50_us", Micros(row.nanoseconds, 0.5)},
                            {"p99_us", Micros(row.nanoseconds, 0.99)},
                            {"client_cpu_us", row.client_cpu_us},
                            {"replicas_cpu_us", row.replicas_cpu_us}});
  }
  return json;
}

int Run(const Session& session, const Options& options) {
  const auto floor = MeasureFloor(options);
  if (!floor) return Failed("bench floor", floor.error());
  return Print(session.json() ? Json(options, *floor).dump(2) + "\n" : Text(*floor));
}

}  // namespace

void AddFloorCommand(CLI::App& bench, Session& session) {
  CLI::App* app = bench.add_subcommand(
      "floor",
      "What this machine can do at best: synced writes, round trips, our rpc without work behind "
      "it, and the whole path of an append with nothing in it.\n"
      "Example: quire bench floor --dir /data/1");
  auto options = std::make_shared<Options>();
  app->add_option("--dir", options->directory, "Directory on the disk to measure")
      ->check(CLI::ExistingDirectory)
      ->required();
  app->add_option("--entry-size", options->entry_bytes, "Bytes of each entry")
      ->check(CLI::Range(std::int64_t{0}, static_cast<std::int64_t>(protocol::kMaxPayloadBytes)))
      ->capture_default_str();
  app->add_option("--window", options->window, "Entries in flight, besides one at a time")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->capture_default_str();
  app->add_option("--seconds", options->seconds, "How long each path is measured")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app->callback([&session, options] {
    session.command = [&session, options] { return Run(session, *options); };
  });

  CLI::App* replica = bench.add_subcommand("floor-replica", "A replica that floor starts");
  replica->group("");  // not for people
  auto directory = std::make_shared<std::string>();
  replica->add_option("directory", *directory)->required();
  replica->callback([&session, directory] {
    session.command = [directory] {
      const auto served = RunFloorReplica(*directory);
      return served ? kExitOk : Failed("bench floor-replica", served.error());
    };
  });
}

}  // namespace quire::tools
