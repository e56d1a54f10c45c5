#include "bookie/metrics_page.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string_view>
#include <vector>

#include "bookie/metrics_text.h"

namespace quire::bookie {
namespace {

using protocol::Code;
using Type = MetricsText::Type;
using Shard = const ShardSnapshot&;

constexpr double kNanoseconds = 1e9;  // in a second

std::string CodeLabel(std::size_t code) {
  std::string name(protocol::CodeName(static_cast<Code>(code)));
  std::ranges::replace_if(name, [](char c) { return c == ' ' || c == '-'; }, '_');
  return name;
}

// The families of which every bookie of the daemon has samples.
class ShardPages {
 public:
  ShardPages(const DaemonSnapshot& daemon, MetricsText& text) : daemon_(daemon), text_(text) {
    for (Shard shard : daemon.shards) ids_.push_back(ToHex(shard.status.bookie).substr(0, 8));
  }

  void WriteAll() {
    Requests();
    Journal();
    Space();
    Compaction();
    Scrub();
    Collection();
    State();
  }

 private:
  using Integer = std::uint64_t (*)(Shard);

  template <typename Sample>
  void ForEach(std::string_view name, Type type, std::string_view help, Sample sample) {
    if (ids_.empty()) return;
    text_.Family(name, type, help);
    for (std::size_t i = 0; i < ids_.size(); ++i) sample(daemon_.shards[i], ids_[i]);
  }
  void Count(std::string_view name, std::string_view help, Integer value, Type type) {
    ForEach(name, type, help, [&](Shard shard, std::string_view id) {
      text_.Sample({{"bookie", id}}, value(shard));
    });
  }
  void Counter(std::string_view name, std::string_view help, Integer value) {
    Count(name, help, value, Type::kCounter);
  }
  void Gauge(std::string_view name, std::string_view help, Integer value) {
    Count(name, help, value, Type::kGauge);
  }
  void Codes(std::string_view name, std::string_view help, const CodeCounts& (*codes)(Shard)) {
    ForEach(name, Type::kCounter, help, [&](Shard shard, std::string_view id) {
      for (std::size_t code = 0; code < CodeCounts::kCodes; ++code) {
        text_.Sample({{"bookie", id}, {"code", CodeLabel(code)}},
                     codes(shard).of(static_cast<Code>(code)));
      }
    });
  }
  void Histogram(std::string_view name, std::string_view help, HistogramView (*view)(Shard),
                 double unit) {
    ForEach(name, Type::kHistogram, help, [&](Shard shard, std::string_view id) {
      text_.Sample({{"bookie", id}}, view(shard), unit);
    });
  }

  void Requests();
  void Journal();
  void Space();
  void Compaction();
  void Scrub();
  void Collection();
  void State();

  const DaemonSnapshot& daemon_;
  MetricsText& text_;
  std::vector<std::string> ids_;
};

void ShardPages::Requests() {
  Codes("quire_bookie_add_entries_total", "Entries that were to be added, by answer.",
        [](Shard s) -> const CodeCounts& { return s.metrics.add_entries; });
  Counter("quire_bookie_add_bytes_total", "Bytes of entries that were to be added.",
          [](Shard s) { return s.metrics.add_bytes; });
  Histogram(
      "quire_bookie_add_seconds",
      "From the arrival of a request with one or more adds to its reply, durable.",
      [](Shard s) { return s.metrics.add_latency.view(); }, kNanoseconds);
  Codes("quire_bookie_read_requests_total", "Read requests, by answer.",
        [](Shard s) -> const CodeCounts& { return s.metrics.read_requests; });
  Codes("quire_bookie_read_entries_total", "Entries answered to read requests, by answer.",
        [](Shard s) -> const CodeCounts& { return s.metrics.read_entries; });
  Counter("quire_bookie_read_bytes_total", "Bytes of entries read.",
          [](Shard s) { return s.metrics.read_bytes; });
  ForEach("quire_bookie_read_found_total", Type::kCounter,
          "Entries found, in memory at once or by a reader thread in a segment.",
          [this](Shard shard, std::string_view id) {
            text_.Sample({{"bookie", id}, {"source", "cache"}}, shard.metrics.read_cached);
            text_.Sample({{"bookie", id}, {"source", "segments"}}, shard.metrics.read_stored);
          });
  Histogram(
      "quire_bookie_read_seconds", "From the arrival of a read request to its reply.",
      [](Shard s) { return s.metrics.read_latency.view(); }, kNanoseconds);
  Counter("quire_bookie_fences_total", "Ledgers fenced.", [](Shard s) { return s.metrics.fences; });
  Histogram(
      "quire_bookie_fence_seconds",
      "From the arrival of a request that fences to its reply, durable.",
      [](Shard s) { return s.metrics.fence_latency.view(); }, kNanoseconds);
  Codes("quire_bookie_lac_reads_total", "Requests for a last confirmed entry, by answer.",
        [](Shard s) -> const CodeCounts& { return s.metrics.lac_reads; });
  Codes("quire_bookie_lac_writes_total", "Requests that tell a last confirmed entry, by answer.",
        [](Shard s) -> const CodeCounts& { return s.metrics.lac_writes; });
  Gauge("quire_bookie_long_polls", "Readers that wait for a ledger to grow.",
        [](Shard s) { return s.metrics.long_polls; });
  Gauge("quire_bookie_reads_waiting", "Look-ups that wait for a reader, or are with one.",
        [](Shard s) { return s.reads_waiting; });
  Counter("quire_bookie_reads_expired_total", "Look-ups dropped as nobody waited any more.",
          [](Shard s) { return s.expired; });
  Counter("quire_bookie_conflicts_total",
          "Entries that came again with other bytes than those kept.",
          [](Shard s) { return s.conflicts; });
}

void ShardPages::Journal() {
  Histogram(
      "quire_bookie_journal_sync_seconds", "One write and sync of a batch of journal records.",
      [](Shard s) { return s.journal.sync.view(); }, kNanoseconds);
  Histogram(
      "quire_bookie_journal_batch_records", "Records that shared a sync.",
      [](Shard s) { return s.journal.batch_records.view(); }, 1);
  Histogram(
      "quire_bookie_journal_batch_bytes", "Bytes written before a sync, padding included.",
      [](Shard s) { return s.journal.batch_bytes.view(); }, 1);
  Gauge("quire_bookie_journal_queued_bytes", "Bytes appended to the journal and not yet durable.",
        [](Shard s) { return s.journal_queued_bytes; });
  Gauge("quire_bookie_journal_waiting_replies", "Replies that wait for a sync.",
        [](Shard s) { return s.replies_waiting; });
  Gauge("quire_bookie_journal_live_bytes", "Bytes of the journal that a restart would read.",
        [](Shard s) { return static_cast<std::uint64_t>(s.status.journal_bytes); });
  Gauge("quire_bookie_journal_files", "Files of the journal, spare ones included.",
        [](Shard s) { return s.journal.files; });
  Gauge("quire_bookie_journal_lsn", "Number of the last durable journal record.",
        [](Shard s) { return static_cast<std::uint64_t>(s.status.journal_lsn); });
  Gauge("quire_bookie_stored_lsn", "Number of the last journal record that the index covers.",
        [](Shard s) { return static_cast<std::uint64_t>(s.status.stored_lsn); });
}

void ShardPages::Space() {
  Gauge("quire_bookie_cache_bytes", "Memory of the write cache.",
        [](Shard s) { return s.store.cache_bytes; });
  Gauge("quire_bookie_read_cache_bytes", "Memory of entries that were read ahead of readers.",
        [](Shard s) { return s.store.read_cache_bytes; });
  Counter("quire_bookie_read_ahead_bytes_total", "Bytes read before somebody asked for them.",
          [](Shard s) { return s.store.prefetched_bytes; });
  Counter("quire_bookie_read_ahead_unwanted_bytes_total",
          "Bytes read ahead that nobody had asked for when their memory was needed.",
          [](Shard s) { return s.store.unwanted_bytes; });
  Histogram(
      "quire_bookie_flush_seconds", "One flush of the write cache into a segment and the index.",
      [](Shard s) { return s.metrics.flush_duration.view(); }, kNanoseconds);
  Histogram(
      "quire_bookie_segment_write_seconds", "The segment of a flush, written and synced.",
      [](Shard s) { return s.store.segment_write.view(); }, kNanoseconds);
  Histogram(
      "quire_bookie_index_commit_seconds", "The index commit of a flush, durable.",
      [](Shard s) { return s.store.index_commit.view(); }, kNanoseconds);
  Counter("quire_bookie_flush_bytes_total", "Bytes of journal records that flushes have covered.",
          [](Shard s) { return s.metrics.flush_bytes; });
  Counter("quire_bookie_flush_failures_total", "Flushes that found the disk full.",
          [](Shard s) { return s.metrics.flush_failures; });
  Gauge("quire_bookie_ledgers", "Ledgers known here, those included that are deleted.",
        [](Shard s) { return static_cast<std::uint64_t>(s.status.ledgers); });
  Gauge("quire_bookie_limbo_ledgers",
        "Ledgers with entries here whose past was lost with the index: nothing of them is denied.",
        [](Shard s) { return s.limbo_ledgers; });
  Gauge("quire_bookie_limbo_floor",
        "Every ledger below this id that is not known here is in limbo; 0: the index was never "
        "rebuilt.",
        [](Shard s) { return static_cast<std::uint64_t>(s.limbo_floor.value()); });
  Gauge("quire_bookie_segments", "Segment files.", [](Shard s) { return s.store.segments; });
  Gauge("quire_bookie_segment_bytes", "Bytes of segment files.",
        [](Shard s) { return s.store.segment_bytes; });
  Gauge("quire_bookie_segment_live_bytes", "Bytes in segment files of ledgers not deleted.",
        [](Shard s) { return s.store.live_bytes; });
  Gauge("quire_bookie_quarantine_segments",
        "Segment files without a live entry that are not removed yet.",
        [](Shard s) { return s.store.quarantine.segments; });
  Gauge("quire_bookie_quarantine_bytes", "Bytes of them.",
        [](Shard s) { return s.store.quarantine.bytes; });
  Gauge("quire_bookie_ballast_bytes", "Room set aside for the day when the disk is full.",
        [](Shard s) { return s.ballast_bytes; });
  Gauge("quire_bookie_free_bytes", "Free space of the file system, of the fuller one if two.",
        [](Shard s) { return static_cast<std::uint64_t>(s.status.free_bytes); });
}

void ShardPages::Compaction() {
  Gauge("quire_bookie_compaction_running", "1 while a round of compaction is under way.",
        [](Shard s) { return std::uint64_t{s.compaction && s.compaction->running}; });
  Gauge("quire_bookie_compaction_paused", "1 while compaction is paused by the operator.",
        [](Shard s) { return std::uint64_t{s.compaction && s.compaction->paused}; });
  Gauge("quire_bookie_compaction_slowdown",
        "How many times slower than its rate compaction goes, for the journal's sake.",
        [](Shard s) { return s.compaction ? s.compaction->slowdown : 1; });
  Counter("quire_bookie_compaction_rounds_total", "Rounds of compaction that had work.",
          [](Shard s) { return s.compaction ? s.compaction->rounds : 0; });
  Counter("quire_bookie_compaction_copied_bytes_total", "Bytes that compaction has copied.",
          [](Shard s) { return s.compaction ? s.compaction->copied_bytes : 0; });
  Counter("quire_bookie_compaction_removed_bytes_total",
          "Bytes of segment files that compaction has removed.",
          [](Shard s) { return s.compaction ? s.compaction->removed_bytes : 0; });
  Counter("quire_bookie_compaction_unreadable_total",
          "Runs of entries that compaction could not read.",
          [](Shard s) { return s.compaction ? s.compaction->unreadable : 0; });
}

void ShardPages::Scrub() {
  Gauge("quire_bookie_scrub_running", "1 while a pass of the scrub is under way.",
        [](Shard s) { return std::uint64_t{s.scrub && s.scrub->running}; });
  Gauge("quire_bookie_scrub_paused", "1 while the scrub is paused by the operator.",
        [](Shard s) { return std::uint64_t{s.scrub && s.scrub->paused}; });
  Counter("quire_bookie_scrub_passes_total", "Complete passes of the scrub.",
          [](Shard s) { return s.scrub ? s.scrub->passes : 0; });
  Counter("quire_bookie_scrub_bytes_total", "Bytes that the scrub has read.",
          [](Shard s) { return s.scrub ? s.scrub->bytes : 0; });
  Counter("quire_bookie_scrub_corrupt_total",
          "Damaged extents, files and index values found; each pass finds them again.",
          [](Shard s) { return s.scrub ? s.scrub->corrupt : 0; });
  Counter("quire_bookie_scrub_unused_damage_total",
          "Damaged places that no entry lies on; each pass finds them again.",
          [](Shard s) { return s.scrub ? s.scrub->unused : 0; });
  Gauge("quire_bookie_scrub_pass_bytes", "Bytes to read in this pass, about.",
        [](Shard s) { return s.scrub ? s.scrub->pass_bytes : 0; });
  Gauge("quire_bookie_scrub_pass_done_bytes", "Bytes read in this pass.",
        [](Shard s) { return s.scrub ? s.scrub->pass_done : 0; });
  ForEach("quire_bookie_scrub_pass_age_seconds", Type::kGauge,
          "Since the end of the last complete pass; none yet: no sample.",
          [this](Shard shard, std::string_view id) {
            if (!shard.scrub || !shard.scrub->since_pass) return;
            text_.Sample({{"bookie", id}}, static_cast<std::uint64_t>(*shard.scrub->since_pass /
                                                                      std::chrono::seconds(1)));
          });
}

void ShardPages::Collection() {
  Counter("quire_bookie_collection_rounds_total", "Rounds of space collection.",
          [](Shard s) { return s.collection ? s.collection->rounds : 0; });
  Counter("quire_bookie_collection_dropped_total", "Deleted ledgers dropped.",
          [](Shard s) { return s.collection ? s.collection->dropped : 0; });
  Gauge("quire_bookie_collection_missing",
        "Ledgers stored here that the metadata store did not have in the last round.",
        [](Shard s) { return s.collection ? s.collection->missing : 0; });
  Gauge("quire_bookie_collection_held_back",
        "Ledgers that may go and wait for a later round or an operator's consent.",
        [](Shard s) { return s.collection ? s.collection->held_back : 0; });
  Gauge("quire_bookie_collection_believed",
        "0 while the metadata store lost too much, or is another cluster's: nothing is dropped.",
        [](Shard s) { return std::uint64_t{!s.collection || s.collection->believed}; });
}

void ShardPages::State() {
  ForEach(
      "quire_bookie_mode", Type::kGauge, "1 for the mode the bookie is in.",
      [this](Shard shard, std::string_view id) {
        for (const auto mode : {ShardMode::kWritable, ShardMode::kReadOnly, ShardMode::kFailed}) {
          text_.Sample({{"bookie", id}, {"mode", ModeName(mode)}},
                       std::uint64_t{shard.mode == mode});
        }
      });
  Gauge("quire_bookie_registered", "1 while clients can find the bookie in the metadata store.",
        [](Shard s) { return std::uint64_t{s.registered}; });
  Counter("quire_bookie_registrations_total",
          "Times it was registered: at the start, in each new session, with each change of mode.",
          [](Shard s) { return s.registrations; });
}

void WriteServer(const rpc::ServerStats& server, MetricsText& text) {
  const auto write = [&text](std::string_view name, Type type, std::string_view help,
                             std::uint64_t value) {
    text.Family(name, type, help);
    text.Sample({}, value);
  };
  write("quire_server_connections", Type::kGauge, "Open connections of clients.",
        server.connections);
  write("quire_server_accepted_total", Type::kCounter, "Connections accepted.", server.accepted);
  write("quire_server_refused_total", Type::kCounter, "Connections refused, there were too many.",
        server.refused);
  write("quire_server_malformed_total", Type::kCounter,
        "Connections ended because of a frame that was none.", server.malformed);
  write("quire_server_calls_total", Type::kCounter, "Calls to the bookies.", server.calls);
  write("quire_server_expired_total", Type::kCounter,
        "Calls answered that their deadline had passed.", server.expired);
  write("quire_server_busy_total", Type::kCounter,
        "Calls answered that the bookies have too much to do.", server.busy);
  write("quire_server_stalled_total", Type::kCounter,
        "Connections ended because their client sent or took nothing for too long.",
        server.stalled);
}

void WriteSession(const SessionStats& session, MetricsText& text) {
  text.Family("quire_metadata_connected", Type::kGauge,
              "1 while the metadata store answers this daemon.");
  text.Sample({}, std::uint64_t{session.connected});
  text.Family("quire_metadata_disconnected_total", Type::kCounter,
              "Times that the connection to the metadata store was lost.");
  text.Sample({}, session.disconnected);
  text.Family("quire_metadata_sessions_expired_total", Type::kCounter,
              "Sessions that expired, and with them the registrations of all bookies here.");
  text.Sample({}, session.expired);
}

void WriteMemory(const DaemonSnapshot& daemon, MetricsText& text) {
  text.Family("quire_memory_budget_bytes", Type::kGauge, "The whole budget of the process.");
  text.Sample({}, daemon.memory_bytes);
  text.Family("quire_memory_used_bytes", Type::kGauge, "Of each part of the budget.");
  for (const MemoryUse& part : daemon.memory) text.Sample({{"part", part.name}}, part.used);
  text.Family("quire_memory_most_bytes", Type::kGauge, "The bound of each part of the budget.");
  for (const MemoryUse& part : daemon.memory) text.Sample({{"part", part.name}}, part.most);
}

void WriteLog(const LogStats& log, MetricsText& text) {
  text.Family("quire_log_lines_total", Type::kCounter, "Lines logged, by level.");
  text.Sample({{"level", "warning"}}, log.warnings);
  text.Sample({{"level", "error"}}, log.errors);
  text.Family("quire_log_lost_lines_total", Type::kCounter,
              "Lines that nobody took from standard error in time.");
  text.Sample({}, log.lost);
}

void WriteProcess(const ProcessFacts& process, MetricsText& text) {
  text.Family("quire_build_info", Type::kGauge, "1; the label has the version.");
  text.Sample({{"version", ProcessFacts::version()}}, std::uint64_t{1});
  text.Family("quire_uptime_seconds", Type::kGauge, "Since the daemon was started.");
  text.Sample({}, process.uptime_seconds());
  text.Family("process_start_time_seconds", Type::kGauge, "When the daemon was started.");
  text.Sample({}, process.start_seconds());
  text.Family("process_resident_memory_bytes", Type::kGauge, "Memory in use.");
  text.Sample({}, ProcessFacts::resident_bytes());
}

}  // namespace

std::string MetricsPage(const DaemonSnapshot& daemon, const ProcessFacts& process) {
  MetricsText text;
  WriteProcess(process, text);
  WriteServer(daemon.server, text);
  WriteSession(daemon.session, text);
  WriteMemory(daemon, text);
  WriteLog(daemon.log, text);
  ShardPages(daemon, text).WriteAll();
  return text.text();
}

}  // namespace quire::bookie
