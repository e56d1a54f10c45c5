#include "tests/simulation/client_node.h"

#include <utility>

namespace quire::simulation {

using protocol::EntryId;

ClientNode::ClientNode(Environment environment, std::string name, Oracle& oracle)
    : environment_(environment),
      name_(std::move(name)),
      oracle_(oracle),
      random_(environment.scheduler.random()()),
      process_(environment.scheduler, name_) {
  store_ = std::make_unique<SimMetadataStore>(environment.metadata, process_);
  pool_ = std::make_unique<SimChannelPool>(environment.network, name_, process_);
  engine_ = std::make_unique<client::Engine>(process_, *store_, *pool_, random_);
}

ClientNode::~ClientNode() = default;

void ClientNode::Start() {
  engine_->Start([this](common::Result<void> started) {
    if (!started) return Retry([this] { Start(); });
    Begin();
  });
}

void ClientNode::Kill() {
  if (!engine_) return;
  process_.Kill();
  Drop();
  engine_.reset();
  pool_.reset();
  store_.reset();
}

void ClientNode::Retry(common::Task task) {
  process_.After(std::chrono::milliseconds(20 + common::Below(random_, 400)), std::move(task));
}

void ClientNode::Judge(const common::Error& error) {
  const bool wrong =
      error.code() == common::Errc::kCorrupt || error.code() == common::Errc::kConflict;
  if (wrong) oracle_.Violate("I7 " + name_ + ": " + error.ToString());
}

WriterNode::WriterNode(Environment environment, Oracle& oracle, Story story)
    : ClientNode(environment, oracle.owner(), oracle), story_(story) {}

void WriterNode::Begin() {
  client::CreateOptions options{.replication = story_.replication,
                                .custom = {{Oracle::kOwner, name()}}};
  engine().Create(std::move(options), 0, [this](auto writer) {
    if (!writer) return Retry([this] { Begin(); });
    writer_ = *std::move(writer);
    oracle().Created(*writer_->protocol().ledger().value);
    ledger_ = writer_->id();
    Fill();
  });
}

void WriterNode::Fill() {
  while (!stopped_ && begun_ < story_.entries && under_way_ < story_.window) Append();
  const bool done = stopped_ || (begun_ == story_.entries && under_way_ == 0);
  if (!done || under_way_ > 0 || closing_) return;
  if (!story_.closes) return Finish();
  closing_ = true;
  writer_->Close([this](common::Result<void> closed) {
    trace().Line(name(), ": close ", closed ? "ok" : closed.error().ToString());
    if (closed) oracle().Ended(name(), *writer_->protocol().ledger().value);
    Finish();
  });
}

void WriterNode::Append() {
  std::string payload = "entry " + std::to_string(begun_);
  payload.resize(payload.size() + static_cast<std::size_t>(begun_ * 37 % 150), '.');
  ++begun_;
  ++under_way_;
  oracle().Appended(payload);
  writer_->Append(std::string(protocol::kEntryOverheadBytes, '\0') + payload,
                  [this](client::AppendResult result) { OnAppended(std::move(result)); });
}

void WriterNode::OnAppended(client::AppendResult result) {
  --under_way_;
  if (result.ok()) {
    oracle().Acknowledged(result.entry());
  } else {
    trace().Line(name(), ": append ", result.error().ToString());
    Judge(result.error());
    stopped_ = true;
  }
  Fill();
}

RecovererNode::RecovererNode(Environment environment, std::string name, Oracle& oracle,
                             protocol::LedgerId ledger)
    : ClientNode(environment, std::move(name), oracle), ledger_(ledger) {}

void RecovererNode::Begin() {
  trace().Line(name(), ": seals");
  engine().Seal(ledger_, [this](common::Result<client::Recovery::Outcome> outcome) {
    if (!outcome) {
      trace().Line(name(), ": ", outcome.error().ToString());
      Judge(outcome.error());
      return Retry([this] { Begin(); });
    }
    trace().Line(name(), ": sealed at ", outcome->ledger.value->last_entry.value());
    oracle().Ended(name(), *outcome->ledger.value);
    Finish();
  });
}

DeleterNode::DeleterNode(Environment environment, std::string name, Oracle& oracle,
                         protocol::LedgerId ledger)
    : ClientNode(environment, std::move(name), oracle), ledger_(ledger) {}

void DeleterNode::Begin() {
  engine().Delete(ledger_, Now() / std::chrono::milliseconds(1), [this](auto deleted) {
    trace().Line(name(), ": delete ", deleted ? "ok" : deleted.error().ToString());
    const bool gone = deleted || deleted.error().code() == common::Errc::kNoSuchLedger;
    gone ? Finish() : Retry([this] { Begin(); });
  });
}

TailerNode::TailerNode(Environment environment, std::string name, Oracle& oracle,
                       protocol::LedgerId ledger)
    : ClientNode(environment, std::move(name), oracle), ledger_(ledger) {}

void TailerNode::Begin() {
  engine().Open(ledger_, [this](auto reader) {
    if (!reader) return Retry([this] { Begin(); });
    reader_ = *std::move(reader);
    Wait();
  });
}

void TailerNode::Wait() {
  reader_->Wait(next_ - 1, std::chrono::seconds(2), [this](auto progress) {
    if (!progress) return Retry([this] { Wait(); });
    oracle().SawLac(progress->lac);
    Read(*progress);
  });
}

void TailerNode::Read(client::Progress progress) {
  if (progress.lac < next_) return progress.closed ? Finish() : Wait();
  reader_->Read(next_, progress.lac, [this, progress](auto entries) {
    if (!entries) {
      if (entries.error().code() == common::Errc::kDataLoss) {
        oracle().Violate("I1 " + name() + ": " + entries.error().ToString());
      }
      return Retry([this] { Wait(); });
    }
    for (const client::Entry& entry : *entries) {
      if (entry.id() != next_) oracle().Violate("I4 " + name() + " was given another entry");
      oracle().Read(name(), entry.id(), entry.payload());
      ++next_;
    }
    Read(progress);
  });
}

}  // namespace quire::simulation
