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

WriterNode::WriterNode(Environment environment, Oracle& oracle, protocol::Replication replication,
                       int entries, int window, bool closes)
    : ClientNode(environment, "writer", oracle),
      replication_(replication),
      entries_(entries),
      window_(window),
      closes_(closes) {}

void WriterNode::Begin() {
  engine().Create({.replication = replication_, .custom = {}}, 0, [this](auto writer) {
    if (!writer) return Retry([this] { Begin(); });
    writer_ = *std::move(writer);
    ledger_ = writer_->id();
    Fill();
  });
}

void WriterNode::Fill() {
  while (!stopped_ && begun_ < entries_ && under_way_ < window_) Append();
  const bool done = stopped_ || (begun_ == entries_ && under_way_ == 0);
  if (!done || under_way_ > 0 || closing_) return;
  if (!closes_) return Finish();
  closing_ = true;
  writer_->Close([this](common::Result<void> closed) {
    trace().Line("writer: close ", closed ? "ok" : closed.error().ToString());
    if (closed) oracle().Ended("writer", *writer_->protocol().ledger().value);
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
    trace().Line("writer: append ", result.error().ToString());
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
      return Retry([this] { Begin(); });
    }
    trace().Line(name(), ": sealed at ", outcome->ledger.value->last_entry.value());
    oracle().Ended(name(), *outcome->ledger.value);
    Finish();
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
    oracle().SawLac(name(), progress->lac);
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
