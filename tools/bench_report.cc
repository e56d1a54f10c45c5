#include "tools/bench_report.h"

#include <algorithm>
#include <array>

#include "tools/console.h"
#include "tools/svg_chart.h"
#include "tools/table.h"

namespace quire::tools {
namespace {

constexpr std::array<std::pair<const char*, double>, 4> kQuantiles{
    {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}}};

double PerSecond(std::int64_t count, const BenchResult& result) {
  return static_cast<double>(count) / result.seconds;
}

double Micros(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e3;
}

std::string Format(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

// 0 when nothing was done.
double CpuMicrosPerEntry(const ProcessShare& share, const BenchResult& result) {
  const auto entries = result.tracks.front().total.entries;
  return entries == 0 ? 0 : share.used.cpu_seconds * 1e6 / static_cast<double>(entries);
}

double ShareOfFloor(const BenchResult& result) {
  return PerSecond(result.tracks.front().total.entries, result) / *result.floor_per_second;
}

bool IsBookie(const ProcessShare& share) {
  return share.process.name.starts_with("bookie");
}

// What the bookies caused to be written for each byte of payload in each of its copies; 0: nobody
// wrote, or their files are not ours to see.
double WrittenPerStored(const BenchOptions& options, const BenchResult& result) {
  std::int64_t written = 0;
  for (const ProcessShare& share : result.processes) {
    if (IsBookie(share)) written += share.used.bytes_written;
  }
  std::int64_t stored = 0;
  for (const TrackResult& track : result.tracks) {
    if (track.name == "appends") stored += track.total.bytes * options.replication.write_quorum;
  }
  return stored == 0 ? 0 : static_cast<double>(written) / static_cast<double>(stored);
}

std::string Setting(const std::string& mode, const BenchOptions& options) {
  const auto& r = options.replication;
  std::string text = mode + ": entries of " + std::to_string(options.entry_bytes) +
                     " bytes, E=" + std::to_string(r.ensemble) +
                     " Qw=" + std::to_string(r.write_quorum) +
                     " Qa=" + std::to_string(r.ack_quorum);
  text += options.rate > 0 ? ", rate " + HumanCount(static_cast<std::int64_t>(options.rate)) + "/s"
                           : ", window " + std::to_string(options.window);
  text += ", ledgers " + std::to_string(options.ledgers);
  if (options.roll_seconds > 0) text += Format(" (another every %g s)", options.roll_seconds);
  return text + ", writers " + std::to_string(options.writers);
}

std::string TrackLine(const TrackResult& track, const BenchResult& result) {
  const Histogram& latency = track.total.nanoseconds;
  std::string line = track.name + ": " + HumanCount(track.total.entries) + ", " +
                     HumanCount(static_cast<std::int64_t>(PerSecond(track.total.entries, result))) +
                     "/s";
  if (track.total.bytes > 0) line += ", " + HumanBytes(PerSecond(track.total.bytes, result)) + "/s";
  line += "\n  latency";
  for (const auto& [name, fraction] : kQuantiles) {
    line += std::string("  ") + name + Format(" %.2f ms", Micros(latency.Quantile(fraction)) / 1e3);
  }
  return line + Format("  max %.2f ms\n", Micros(latency.max()) / 1e3);
}

}  // namespace

std::string TextReport(const std::string& mode, const BenchOptions& options,
                       const BenchResult& result) {
  std::string text = Setting(mode, options) + Format(", %.1f s\n", result.seconds);
  for (const TrackResult& track : result.tracks) text += TrackLine(track, result);
  if (const double written = WrittenPerStored(options, result); written > 0) {
    text += Format("bytes written to disk for a byte stored: %.2f\n", written);
  }
  if (result.floor_per_second) {
    text += Format("floor: %.0f/s; ", *result.floor_per_second) +
            Format("%.0f %% of it were reached\n", 100 * ShareOfFloor(result));
  }
  Table table({"process", "CPU us/entry", "CPU cores", "memory", "most memory", "written"});
  for (const ProcessShare& share : result.processes) {
    table.Add({share.process.name, Format("%.2f", CpuMicrosPerEntry(share, result)),
               Format("%.2f", share.used.cpu_seconds / result.seconds),
               HumanBytes(static_cast<double>(share.used.resident_bytes)),
               HumanBytes(static_cast<double>(share.used.peak_bytes)),
               HumanBytes(static_cast<double>(share.used.bytes_written))});
  }
  return text + table.Text();
}

nlohmann::json JsonReport(const std::string& mode, const BenchOptions& options,
                          const BenchResult& result) {
  const auto& r = options.replication;
  nlohmann::json tracks = nlohmann::json::array();
  for (const TrackResult& track : result.tracks) {
    const Histogram& latency = track.total.nanoseconds;
    nlohmann::json micros{{"mean", latency.Mean() / 1e3}, {"max", Micros(latency.max())}};
    for (const auto& [name, fraction] : kQuantiles) {
      micros[name] = Micros(latency.Quantile(fraction));
    }
    nlohmann::json intervals = nlohmann::json::array();
    for (const Interval& interval : track.intervals) {
      intervals.push_back({{"end", interval.end},
                           {"per_second", static_cast<double>(interval.entries) / interval.seconds},
                           {"p50_us", Micros(interval.p50)},
                           {"p99_us", Micros(interval.p99)},
                           {"p99.9_us", Micros(interval.p999)}});
    }
    tracks.push_back({{"name", track.name},
                      {"count", track.total.entries},
                      {"per_second", PerSecond(track.total.entries, result)},
                      {"bytes_per_second", PerSecond(track.total.bytes, result)},
                      {"latency_us", micros},
                      {"intervals", intervals}});
  }
  nlohmann::json processes = nlohmann::json::array();
  for (const ProcessShare& share : result.processes) {
    processes.push_back({{"name", share.process.name},
                         {"cpu_us_per_entry", CpuMicrosPerEntry(share, result)},
                         {"cpu_seconds", share.used.cpu_seconds},
                         {"resident_bytes", share.used.resident_bytes},
                         {"most_resident_bytes", share.used.peak_bytes},
                         {"bytes_written", share.used.bytes_written}});
  }
  nlohmann::json json{{"mode", mode},
                      {"entry_size", options.entry_bytes},
                      {"window", options.window},
                      {"rate", options.rate},
                      {"ledgers", options.ledgers},
                      {"roll_seconds", options.roll_seconds},
                      {"writers", options.writers},
                      {"ensemble_size", r.ensemble},
                      {"write_quorum", r.write_quorum},
                      {"ack_quorum", r.ack_quorum},
                      {"seconds", result.seconds},
                      {"tracks", tracks},
                      {"processes", processes},
                      {"bytes_written_per_byte_stored", WrittenPerStored(options, result)}};
  if (result.floor_per_second) {
    json["floor_per_second"] = *result.floor_per_second;
    json["share_of_floor"] = ShareOfFloor(result);
  }
  return json;
}

std::string PlotReport(const std::string& mode, const BenchOptions& options,
                       const BenchResult& result) {
  SvgFigure figure(Setting(mode, options));
  SvgChart& rates = figure.AddChart("throughput", "s", "1/s", SvgChart::Scale::kLinear);
  for (const TrackResult& track : result.tracks) {
    auto& line = rates.AddLine(track.name);
    for (const Interval& interval : track.intervals) {
      line.push_back({interval.end, static_cast<double>(interval.entries) / interval.seconds});
    }
  }
  for (const TrackResult& track : result.tracks) {
    SvgChart& chart =
        figure.AddChart("latency of " + track.name, "s", "ms", SvgChart::Scale::kLogarithmic);
    for (const auto& [name, member] :
         {std::pair{"p50", &Interval::p50}, {"p99", &Interval::p99}, {"p99.9", &Interval::p999}}) {
      auto& line = chart.AddLine(name);
      for (const Interval& interval : track.intervals) {
        line.push_back({interval.end, static_cast<double>(interval.*member) / 1e6});
      }
    }
  }
  return figure.Text();
}

}  // namespace quire::tools
