#include "tests/simulation/history.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "protocol/entry.h"
#include "tests/simulation/client_node.h"
#include "tests/simulation/network_weather.h"

namespace quire::simulation {
namespace {

using protocol::EntryId;

// After the faults stop everything ends within this much virtual time, or it hangs (STALL): the
// longest bounds of client and metadata together.
constexpr common::Duration kLiveness = std::chrono::seconds(180);

class History {
 public:
  History(const HistoryPlan& plan, std::size_t trace_lines, BookieMutant mutant)
      : plan_(plan),
        scheduler_(plan.seed),
        trace_(scheduler_, trace_lines),
        network_(scheduler_, plan.faults, trace_),
        metadata_(scheduler_, plan.faults, trace_),
        weather_(network_),
        oracle_(trace_) {
    metadata_.OnMutation([this](const Mutation& mutation) { oracle_.Changed(mutation); });
    for (int i = 0; i < plan.bookies(); ++i) {
      const auto id = protocol::BookieId::Make(scheduler_.random());
      bookies_.push_back(plan.kind == BookieKind::kFull
                             ? MakeFullNode(environment_, i, id)
                             : MakeSimpleNode(environment_, i, id, mutant));
    }
  }

  HistoryResult Run() {
    Chaos();
    if (!oracle_.violation()) Heal();
    if (!oracle_.violation()) CheckCopies();
    return {.violation = oracle_.violation(),
            .hash = scheduler_.hash(),
            .events = scheduler_.events(),
            .trace = trace_.Text()};
  }

 private:
  void Chaos();
  void Heal();
  void CheckCopies();
  void BeginClients();
  void ScheduleFault(common::Duration every, void (History::*strike)());
  void CrashBookie();
  void KillClient();
  void PauseSomebody();
  bool ClientsFinished() const;
  int CountCopies(EntryId entry);
  bool HasCopy(protocol::BookieId id, EntryId entry);
  std::uint64_t Below(std::uint64_t bound) { return common::Below(scheduler_.random(), bound); }
  bool Fine() const { return !oracle_.violation(); }

  const HistoryPlan plan_;
  SimScheduler scheduler_;
  Trace trace_;
  SimNetwork network_;
  SimMetadata metadata_;
  NetworkWeather weather_;
  Oracle oracle_;
  Environment environment_{scheduler_, network_, metadata_, trace_};
  std::vector<std::unique_ptr<BookieNode>> bookies_;
  std::unique_ptr<WriterNode> writer_;
  std::vector<std::unique_ptr<ClientNode>> others_;
  bool chaos_ = true;
};

void History::ScheduleFault(common::Duration every, void (History::*strike)()) {
  if (every.count() == 0) return;
  const auto mean = static_cast<std::uint64_t>(every.count());
  const common::Duration wait(static_cast<std::int64_t>(Below(2 * mean)));
  scheduler_.After(wait, nullptr, [this, every, strike] {
    if (!chaos_) return;
    (this->*strike)();
    ScheduleFault(every, strike);
  });
}

void History::CrashBookie() {
  BookieNode* bookie = bookies_[Below(bookies_.size())].get();
  if (!bookie->up()) return;
  bookie->Crash();
  const auto down = std::chrono::milliseconds(5 + Below(Below(2) == 0 ? 100 : 8000));
  scheduler_.After(down, nullptr, [bookie] {
    if (!bookie->up()) bookie->Start();
  });
}

void History::KillClient() {
  if (plan_.writer_dies && writer_->ledger() && Below(2) == 0) return writer_->Kill();
  if (others_.empty()) return;
  others_[Below(others_.size())]->Kill();
}

void History::PauseSomebody() {
  const auto length = std::chrono::milliseconds(1 + Below(12'000));
  const std::uint64_t who = Below(bookies_.size() + others_.size() + 1);
  if (who < bookies_.size()) return bookies_[who]->Pause(length);
  if (who == bookies_.size()) {
    if (writer_->alive()) writer_->Pause(length);
    return;
  }
  ClientNode& client = *others_[who - bookies_.size() - 1];
  if (client.alive()) client.Pause(length);
}

// Recoverers and tailers come at any time after the ledger is there.
void History::BeginClients() {
  const protocol::LedgerId ledger = *writer_->ledger();
  for (int i = 0; i < plan_.tailers; ++i) {
    others_.push_back(
        std::make_unique<TailerNode>(environment_, "tailer" + std::to_string(i), oracle_, ledger));
    others_.back()->Start();
  }
  for (int i = 0; i < plan_.recoverers; ++i) {
    const auto when = common::Duration(
        static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(plan_.chaos.count()) / 2 + 1)));
    scheduler_.After(when, nullptr, [this, i, ledger] {
      if (!chaos_) return;
      others_.push_back(std::make_unique<RecovererNode>(
          environment_, "recoverer" + std::to_string(i), oracle_, ledger));
      others_.back()->Start();
    });
  }
}

void History::Chaos() {
  for (const auto& bookie : bookies_) bookie->Start();
  writer_ = std::make_unique<WriterNode>(environment_, oracle_, plan_.replication, plan_.entries,
                                         plan_.window, plan_.closes);
  writer_->Start();
  weather_.Start();
  const common::TimePoint end = scheduler_.Now() + plan_.chaos;
  const bool created = scheduler_.RunUntil([this] { return writer_->ledger().has_value(); }, end);
  if (created) {
    BeginClients();
    ScheduleFault(plan_.faults.crash_every, &History::CrashBookie);
    ScheduleFault(plan_.faults.kill_every, &History::KillClient);
    ScheduleFault(plan_.faults.pause_every, &History::PauseSomebody);
    scheduler_.RunUntil([this] { return !Fine() || ClientsFinished(); }, end);
  }
  chaos_ = false;
  weather_.Stop();
}

bool History::ClientsFinished() const {
  if (writer_->alive() && !writer_->finished()) return false;
  for (const auto& client : others_) {
    if (client->alive() && !client->finished()) return false;
  }
  return others_.size() == static_cast<std::size_t>(plan_.tailers + plan_.recoverers);
}

// Everybody can do what they began; late messages arrive while the writer lives. Then somebody
// seals the ledger and somebody reads it.
void History::Heal() {
  trace_.Line("the world heals");
  network_.Heal();
  metadata_.Heal();
  for (const auto& bookie : bookies_) {
    if (!bookie->up()) bookie->Start();
    if (!bookie->failure().empty()) oracle_.Violate("I10 " + bookie->failure());
  }
  const auto idle = [this] { return !Fine() || (!writer_->alive() || writer_->finished()); };
  if (!scheduler_.RunFor(idle, kLiveness)) oracle_.Violate("STALL the writer does not end");
  if (!Fine() || !writer_->ledger()) return;
  others_.push_back(
      std::make_unique<RecovererNode>(environment_, "last-recoverer", oracle_, *writer_->ledger()));
  others_.back()->Start();
  others_.push_back(
      std::make_unique<TailerNode>(environment_, "last-reader", oracle_, *writer_->ledger()));
  others_.back()->Start();
  const auto ended = [this] {
    for (const auto& client : others_) {
      if (client->alive() && !client->finished()) return !Fine();
    }
    return true;
  };
  if (!scheduler_.RunFor(ended, kLiveness)) oracle_.Violate("STALL a client does not end");
}

// I2: each entry has Qa correct copies in the write set that the metadata names.
void History::CheckCopies() {
  if (!oracle_.closed()) return;
  for (EntryId entry(0); entry <= oracle_.closed()->last_entry && Fine(); ++entry) {
    const int copies = CountCopies(entry);
    if (copies < plan_.replication.ack_quorum) {
      oracle_.Violate("I2 entry " + std::to_string(entry.value()) + " has " +
                      std::to_string(copies) + " copies where the metadata says");
    }
  }
}

int History::CountCopies(EntryId entry) {
  const metadata::Ensemble& ensemble = oracle_.closed()->EnsembleOf(entry);
  int copies = 0;
  for (int i = 0; i < plan_.replication.write_quorum; ++i) {
    const int slot = protocol::WriteSetSlot(plan_.replication, entry, i);
    if (HasCopy(ensemble[static_cast<std::size_t>(slot)], entry)) ++copies;
  }
  return copies;
}

bool History::HasCopy(protocol::BookieId id, EntryId entry) {
  const auto bookie = std::ranges::find(bookies_, id, [](const auto& node) { return node->id(); });
  SimLoop process(scheduler_, "checker");
  SimChannelPool pool(network_, "checker", process);
  protocol::ReadRequest request;
  request.bookie = id;
  request.ledger = oracle_.closed()->id;
  request.entries = {entry};
  std::optional<protocol::ReadReply> reply;
  const common::TimePoint limit = scheduler_.Now() + kLiveness;
  do {  // it may be paused still
    reply.reset();
    pool.Get((*bookie)->address())->Read(request, [&](protocol::ReadReply answer) {
      reply = std::move(answer);
    });
    scheduler_.RunUntil([&] { return reply.has_value(); }, limit);
  } while (reply && reply->code == protocol::Code::kTimeout && scheduler_.Now() < limit);
  if (!reply || reply->answers.size() != 1 || reply->answers[0].code != protocol::Code::kOk) {
    return false;
  }
  const std::string& bytes = reply->answers[0].bytes;
  return protocol::VerifyEntry(bytes, oracle_.closed()->id, entry).has_value() &&
         protocol::EntryPayload(bytes) == oracle_.payload(entry);
}

}  // namespace

HistoryResult RunHistory(const HistoryPlan& plan, std::size_t trace_lines, BookieMutant mutant) {
  return History(plan, trace_lines, mutant).Run();
}

}  // namespace quire::simulation
