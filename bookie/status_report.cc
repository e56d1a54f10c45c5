#include "bookie/status_report.h"

#include <chrono>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

#include "bookie/status_report_json.h"

namespace quire::bookie {
namespace {

std::uint64_t Number(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

void WriteCompaction(const CompactionStats& stats, JsonText& json) {
  json.OpenObject();
  json.Put("running", stats.running);
  json.Put("paused", stats.paused);
  json.Put("rounds", stats.rounds);
  json.Put("copied_bytes", stats.copied_bytes);
  json.Put("removed_bytes", stats.removed_bytes);
  json.Put("unreadable", stats.unreadable);
  json.Put("round_bytes", stats.round_bytes);
  json.Put("round_copied", stats.round_copied);
  json.Put("slowdown", stats.slowdown);
  json.CloseObject();
}

void WriteScrub(const ScrubStats& stats, JsonText& json) {
  json.OpenObject();
  json.Put("running", stats.running);
  json.Put("paused", stats.paused);
  json.Put("passes", stats.passes);
  json.Put("bytes", stats.bytes);
  json.Put("corrupt", stats.corrupt);
  json.Put("unused_damage", stats.unused);
  json.Put("pass_bytes", stats.pass_bytes);
  json.Put("pass_done", stats.pass_done);
  json.Key("pass_age_seconds");
  if (stats.since_pass) {
    json.Value(static_cast<std::uint64_t>(*stats.since_pass / std::chrono::seconds(1)));
  } else {
    json.Null();
  }
  json.CloseObject();
}

void WriteMemory(const DaemonSnapshot& daemon, JsonText& json) {
  json.OpenObject();
  json.Put("budget_bytes", daemon.memory_bytes);
  for (const MemoryUse& part : daemon.memory) {
    json.Key(part.name);
    json.OpenObject();
    json.Put("used_bytes", part.used);
    json.Put("most_bytes", part.most);
    json.CloseObject();
  }
  json.CloseObject();
}

void WriteCollection(const CollectionStats& stats, JsonText& json) {
  json.OpenObject();
  json.Put("believed", stats.believed);
  json.Put("missing", stats.missing);
  json.Put("held_back", stats.held_back);
  json.Put("consented", stats.consented);
  json.Put("rounds", stats.rounds);
  json.Put("dropped", stats.dropped);
  json.CloseObject();
}

void WriteJournal(const ShardSnapshot& shard, JsonText& json) {
  json.OpenObject();
  json.Put("last_lsn", shard.journal_last);
  json.Put("durable_lsn", Number(shard.status.journal_lsn));
  json.Put("stored_lsn", Number(shard.status.stored_lsn));
  json.Put("queued_bytes", shard.journal_queued_bytes);
  json.Put("live_bytes", Number(shard.status.journal_bytes));
  json.Put("files", shard.journal.files);
  json.CloseObject();
}

std::uint64_t Observed(const HistogramView& histogram) {
  return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
}

void WriteRequests(const ShardSnapshot& shard, JsonText& json) {
  json.OpenObject();
  json.Put("added", shard.metrics.add_entries.of(protocol::Code::kOk));
  json.Put("added_bytes", shard.metrics.add_bytes);
  json.Put("read", shard.metrics.read_entries.of(protocol::Code::kOk));
  json.Put("read_bytes", shard.metrics.read_bytes);
  json.Put("fenced", shard.metrics.fences);
  json.Put("waiting_for_sync", shard.replies_waiting);
  json.CloseObject();
}

void WriteFlush(const ShardSnapshot& shard, JsonText& json) {
  json.OpenObject();
  json.Put("done", Observed(shard.metrics.flush_duration.view()));
  json.Put("covered_bytes", shard.metrics.flush_bytes);
  json.Put("failures", shard.metrics.flush_failures);
  json.CloseObject();
}

// Answers other than those that a bookie in order gives, by kind; only those there were.
void WriteErrors(const ShardSnapshot& shard, JsonText& json) {
  json.OpenObject();
  const auto write = [&json](const std::string& kind, std::uint64_t count) {
    if (count > 0) json.Put(kind, count);
  };
  for (std::size_t i = 0; i < CodeCounts::kCodes; ++i) {
    const auto code = static_cast<protocol::Code>(i);
    if (code == protocol::Code::kOk) continue;
    const std::string name(protocol::CodeName(code));
    write("add " + name, shard.metrics.add_entries.of(code));
    if (code != protocol::Code::kNoEntry && code != protocol::Code::kNoLedger) {
      write("read " + name, shard.metrics.read_requests.of(code));
      write("entry " + name, shard.metrics.read_entries.of(code));
      write("lac " + name, shard.metrics.lac_reads.of(code));
    }
    write("write lac " + name, shard.metrics.lac_writes.of(code));
  }
  write("compaction unreadable", shard.compaction ? shard.compaction->unreadable : 0);
  json.CloseObject();
}

template <typename Stats>
void WriteIfThere(std::string_view name, const std::optional<Stats>& stats,
                  void (*write)(const Stats&, JsonText&), JsonText& json) {
  json.Key(name);
  if (stats) {
    write(*stats, json);
  } else {
    json.Null();
  }
}

void WriteShard(const ShardSnapshot& shard, JsonText& json) {
  json.OpenObject();
  json.Put("bookie", ToHex(shard.status.bookie));
  json.Put("directory", shard.status.directory);
  json.Put("state", shard.status.state);
  json.Key("why");
  json.OpenList();
  for (const std::string& reason : shard.why) json.Value(reason);
  json.CloseList();
  json.Put("registered", shard.registered);
  json.Put("registrations", shard.registrations);
  json.Put("ledgers", Number(shard.status.ledgers));
  json.Put("free_bytes", Number(shard.status.free_bytes));
  json.Put("ballast_bytes", shard.ballast_bytes);
  json.Put("cache_bytes", Number(shard.status.cache_bytes));
  json.Put("conflicts", shard.conflicts);
  json.Put("limbo_ledgers", shard.limbo_ledgers);
  json.Put("limbo_floor", Number(shard.limbo_floor.value()));
  json.Put("long_polls", shard.metrics.long_polls);
  json.Put("reads_waiting", shard.reads_waiting);
  json.Put("expired", shard.expired);
  json.Key("requests");
  WriteRequests(shard, json);
  json.Key("errors");
  WriteErrors(shard, json);
  json.Key("flush");
  WriteFlush(shard, json);
  json.Key("journal");
  WriteJournal(shard, json);
  json.Key("segments");
  json.OpenObject();
  json.Put("files", Number(shard.status.segments));
  json.Put("bytes", Number(shard.status.segment_bytes));
  json.Put("live_bytes", shard.store.live_bytes);
  json.Put("quarantined", shard.store.quarantine.segments);
  json.Put("quarantined_bytes", shard.store.quarantine.bytes);
  json.CloseObject();
  WriteIfThere("compaction", shard.compaction, WriteCompaction, json);
  WriteIfThere("scrub", shard.scrub, WriteScrub, json);
  WriteIfThere("collection", shard.collection, WriteCollection, json);
  json.CloseObject();
}

}  // namespace

std::string_view PhaseName(DaemonPhase phase) {
  switch (phase) {
    case DaemonPhase::kMetadata: return "waiting for the metadata store";
    case DaemonPhase::kOpening: return "opening its directories and replaying their journals";
    case DaemonPhase::kRegistering: return "registering with the metadata store";
    case DaemonPhase::kServing: return "serving";
    case DaemonPhase::kStopping: return "stopping";
  }
  return "stopping";
}

std::vector<std::string> WhyNotReady(const DaemonSnapshot& daemon) {
  std::vector<std::string> reasons;
  if (daemon.phase != DaemonPhase::kServing) {
    for (const std::string& directory : daemon.directories) {
      reasons.push_back(directory + ": the daemon is " + std::string(PhaseName(daemon.phase)));
    }
    return reasons;
  }
  for (const ShardSnapshot& shard : daemon.shards) {
    const std::string& directory = shard.status.directory;
    for (const std::string& why : shard.why) {
      reasons.push_back(directory + ": " + shard.status.state + ": " + why);
    }
    if (!shard.registered) reasons.push_back(directory + ": not registered in the metadata store");
  }
  return reasons;
}

std::string StatusReport(const DaemonSnapshot& daemon, const ProcessFacts& process) {
  JsonText json;
  json.OpenObject();
  json.Put("version", ProcessFacts::version());
  json.Put("phase", PhaseName(daemon.phase));
  const auto reasons = WhyNotReady(daemon);
  json.Put("ready", reasons.empty());
  json.Key("not_ready_because");
  json.OpenList();
  for (const std::string& reason : reasons) json.Value(reason);
  json.CloseList();
  json.Put("address", daemon.address);
  json.Put("instance", ToHex(daemon.instance));
  json.Put("start_time_seconds", process.start_seconds());
  json.Put("uptime_seconds", process.uptime_seconds());
  json.Put("resident_bytes", ProcessFacts::resident_bytes());
  json.Key("server");
  json.OpenObject();
  json.Put("connections", daemon.server.connections);
  json.Put("accepted", daemon.server.accepted);
  json.Put("refused", daemon.server.refused);
  json.Put("malformed", daemon.server.malformed);
  json.Put("calls", daemon.server.calls);
  json.Put("expired", daemon.server.expired);
  json.Put("busy", daemon.server.busy);
  json.Put("stalled", daemon.server.stalled);
  json.CloseObject();
  json.Key("metadata");
  json.OpenObject();
  json.Put("connected", daemon.session.connected);
  json.Put("disconnected", daemon.session.disconnected);
  json.Put("sessions_expired", daemon.session.expired);
  json.CloseObject();
  json.Key("memory");
  WriteMemory(daemon, json);
  json.Key("bookies");
  json.OpenList();
  for (const ShardSnapshot& shard : daemon.shards) WriteShard(shard, json);
  json.CloseList();
  json.CloseObject();
  return json.text() + "\n";
}

}  // namespace quire::bookie
