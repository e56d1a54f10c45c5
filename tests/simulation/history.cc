#include "tests/simulation/history.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "tests/simulation/inventory.h"
#include "tests/simulation/mishaps.h"
#include "tests/simulation/network_weather.h"

namespace quire::simulation {
namespace {

using protocol::LedgerId;

// After the faults stop everything ends within this much virtual time, or it hangs (STALL): the
// longest bounds of client and metadata together.
constexpr common::Duration kLiveness = std::chrono::seconds(180);
// Space collection gets so many pauses of several rounds: a slow answer of the metadata store may
// take most of one.
constexpr int kCollectionPauses = 12;
constexpr common::Duration kCollectionPause = std::chrono::seconds(5);

class History {
 public:
  History(const HistoryPlan& plan, std::size_t trace_lines)
      : plan_(plan),
        scheduler_(plan.seed),
        trace_(scheduler_, trace_lines),
        chronicle_(trace_),
        network_(scheduler_, plan.faults, trace_),
        metadata_(scheduler_, plan.faults, trace_),
        weather_(network_),
        oracle_("writer", chronicle_, trace_),
        second_oracle_("second-writer", chronicle_, trace_),
        mishaps_(environment_, plan_, cast_, oracle_) {
    metadata_.OnMutation([this](const Mutation& mutation) {
      oracle_.Changed(mutation);
      second_oracle_.Changed(mutation);
    });
    for (int i = 0; i < plan.bookies(); ++i) {
      cast_.bookies.push_back(plan.kind == BookieKind::kFull ? MakeFullNode(environment_, i)
                                                             : MakeSimpleNode(environment_, i));
    }
  }

  HistoryResult Run() {
    Prepare();
    Chaos();
    if (chronicle_.fine()) Heal();
    if (chronicle_.fine()) Check();
    return {.violation = chronicle_.violation(),
            .hash = scheduler_.hash(),
            .events = scheduler_.events(),
            .trace = trace_.Text()};
  }

 private:
  void Prepare();
  void Chaos();
  void Heal();
  void Check();
  void MakeCluster();
  void PlantStrangers();
  void BeginClients();
  void BeginSecondLedger();
  void Later(std::function<void()> begin);
  template <typename Node, typename... Args>
  void Join(std::string name, Oracle& oracle, const Args&... args);
  void KeepOnlyTheCore();
  bool ClientsFinished() const;
  std::uint64_t Below(std::uint64_t bound) { return common::Below(scheduler_.random(), bound); }

  const HistoryPlan plan_;
  SimScheduler scheduler_;
  Trace trace_;
  Chronicle chronicle_;
  SimNetwork network_;
  SimMetadata metadata_;
  NetworkWeather weather_;
  Oracle oracle_;
  Oracle second_oracle_;
  Environment environment_{scheduler_, network_, metadata_, trace_, chronicle_};
  Cast cast_;
  Mishaps mishaps_;
  std::size_t expected_ = 0;  // recoverers and tailers that come or came
  bool chaos_ = true;
};

template <typename Node, typename... Args>
void History::Join(std::string name, Oracle& oracle, const Args&... args) {
  cast_.others.push_back(std::make_unique<Node>(environment_, std::move(name), oracle, args...));
  cast_.others.back()->Start();
}

void History::Prepare() {
  if (plan_.deletes && plan_.kind == BookieKind::kFull) MakeCluster();
  if (plan_.stranger) PlantStrangers();
  for (const auto& bookie : cast_.bookies) bookie->Start();
  cast_.writer = std::make_unique<WriterNode>(environment_, oracle_,
                                              WriterNode::Story{.replication = plan_.replication,
                                                                .entries = plan_.entries,
                                                                .window = plan_.window,
                                                                .closes = plan_.closes});
  cast_.writer->Start();
}

// Without it no bookie collects anything.
void History::MakeCluster() {
  SimLoop process(scheduler_, "operator");
  SimMetadataStore store(metadata_, process);
  for (bool made = false; !made;) {
    bool answered = false;
    metadata::InitCluster(store, kCluster, 0, [&](const common::Result<void>& result) {
      answered = true;
      made = result || result.error().code() == common::Errc::kNodeExists;
    });
    scheduler_.RunFor([&] { return answered; }, kLiveness);
  }
}

void History::PlantStrangers() {
  metadata::LedgerMetadata ledger;
  ledger.key = protocol::LedgerKey::Make(scheduler_.random());
  ledger.replication = {1, 1, 1};
  ledger.segments[protocol::EntryId(0)] = {protocol::BookieId::Make(scheduler_.random())};
  ledger.custom = {{Oracle::kOwner, "stranger"}};
  for (const LedgerId id : {LedgerId(1), LedgerId(2)}) {
    ledger.id = id;
    metadata_.Plant(metadata::LedgerStore::Path(id), metadata::EncodeLedger(ledger));
  }
}

void History::Later(std::function<void()> begin) {
  const auto half = static_cast<std::uint64_t>(plan_.chaos.count()) / 2 + 1;
  scheduler_.After(common::Duration(static_cast<std::int64_t>(Below(half))), nullptr,
                   [this, begin = std::move(begin)] {
                     if (chaos_) begin();
                   });
}

// Recoverers and tailers come at any time after the ledger is there.
void History::BeginClients() {
  const LedgerId ledger = *cast_.writer->ledger();
  expected_ = static_cast<std::size_t>(plan_.tailers + plan_.recoverers);
  for (int i = 0; i < plan_.tailers; ++i) {
    Join<TailerNode>("tailer" + std::to_string(i), oracle_, ledger);
  }
  for (int i = 0; i < plan_.recoverers; ++i) {
    Later([this, i, ledger] {
      Join<RecovererNode>("recoverer" + std::to_string(i), oracle_, ledger);
    });
  }
  if (plan_.deletes) BeginSecondLedger();
}

void History::BeginSecondLedger() {
  // Large enough that space collection has something to give back, and compaction to copy.
  const int entries = plan_.kind == BookieKind::kFull ? static_cast<int>(1 + Below(150)) : 3;
  cast_.second_writer = std::make_unique<WriterNode>(
      environment_, second_oracle_,
      WriterNode::Story{
          .replication = plan_.replication, .entries = entries, .window = 8, .closes = true});
  cast_.second_writer->Start();
  ++expected_;
  Later([this] {
    if (!cast_.second_writer->ledger()) {
      --expected_;
      return;
    }
    Join<DeleterNode>("deleter", second_oracle_, *cast_.second_writer->ledger());
  });
}

void History::Chaos() {
  weather_.Start();
  const common::TimePoint end = scheduler_.Now() + plan_.chaos;
  const auto created = [this] { return cast_.writer->ledger().has_value(); };
  if (scheduler_.RunUntil(created, end)) {
    if (plan_.clogs_writer) {
      const BookieNode& bookie = *cast_.bookies[Below(cast_.bookies.size())];
      network_.Clog(network_.Node(cast_.writer->name()), network_.Node(bookie.address()));
    }
    BeginClients();
    mishaps_.Start();
    scheduler_.RunUntil([this] { return !chronicle_.fine() || ClientsFinished(); }, end);
  }
  chaos_ = false;
  mishaps_.Stop();
  weather_.Stop();
}

bool History::ClientsFinished() const {
  const auto over = [](const ClientNode& client) { return !client.alive() || client.finished(); };
  if (!over(*cast_.writer)) return false;
  return cast_.others.size() == expected_ &&
         std::ranges::all_of(cast_.others, [&](const auto& client) { return over(*client); });
}

// The rest of the bookies stays away for ever, or hangs: as many as the protocol tolerates and
// others can stand in for.
void History::KeepOnlyTheCore() {
  int present = plan_.bookies();
  for (const auto& bookie : cast_.bookies) {
    if (present == plan_.replication.ensemble || Below(2) == 0) continue;
    if (!mishaps_.TakeLoss(*bookie)) continue;
    --present;
    trace_.Line(bookie->address(), " is lost for ever");
    bookie->MarkDamaged();
    Below(2) == 0 ? bookie->Crash() : bookie->Pause(std::chrono::hours(1000));
  }
}

// Everybody can do what they began; late messages arrive while the writer lives. Then somebody
// seals the ledger and somebody reads it.
void History::Heal() {
  trace_.Line("the world heals");
  network_.Heal();
  metadata_.Heal();
  for (const auto& bookie : cast_.bookies) {
    bookie->SetDiskFull(false);
    if (bookie->ailing()) bookie->Crash();
    if (bookie->Start()) continue;
    if (!bookie->damaged()) return chronicle_.Violate("I10 " + bookie->failure());
    bookie->Wipe();  // as its operator would
    bookie->Start();
  }
  if (plan_.core_only) KeepOnlyTheCore();
  const auto over = [](const WriterNode* writer) {
    return writer == nullptr || !writer->alive() || writer->finished();
  };
  const auto idle = [&] {
    return !chronicle_.fine() || (over(cast_.writer.get()) && over(cast_.second_writer.get()));
  };
  if (!scheduler_.RunFor(idle, kLiveness)) chronicle_.Violate("STALL the writer does not end");
  if (!chronicle_.fine() || !cast_.writer->ledger()) return;
  Join<RecovererNode>("last-recoverer", oracle_, *cast_.writer->ledger());
  Join<TailerNode>("last-reader", oracle_, *cast_.writer->ledger());
  const auto ended = [this] {
    return !chronicle_.fine() || std::ranges::all_of(cast_.others, [](const auto& client) {
      return !client->alive() || client->finished();
    });
  };
  if (!scheduler_.RunFor(ended, kLiveness)) chronicle_.Violate("STALL a client does not end");
}

void History::Check() {
  Inventory inventory(environment_, cast_);
  if (oracle_.closed()) inventory.CheckClosed(oracle_, plan_.replication);
  const auto& second = second_oracle_.newest();
  const bool deleted = second && chronicle_.IsDeleted(second->id);
  if (second_oracle_.closed() && !deleted) {
    inventory.CheckClosed(second_oracle_, plan_.replication);
  }
  if (!deleted || plan_.kind != BookieKind::kFull || plan_.core_only) return;
  cast_.second_writer->Kill();
  for (int i = 0; i < kCollectionPauses; ++i) {
    scheduler_.RunFor(kCollectionPause);
    if (!chronicle_.fine() || inventory.IsCollected(second->id)) return;
  }
  chronicle_.Violate("I12 a ledger that was deleted long ago is not given back");
}

}  // namespace

HistoryResult RunHistory(const HistoryPlan& plan, std::size_t trace_lines) {
  return History(plan, trace_lines).Run();
}

}  // namespace quire::simulation
