#pragma once

#include <memory>
#include <string>

#include "client/engine.h"
#include "tests/simulation/bookie_node.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/sim_channel.h"

namespace quire::simulation {

// A client process: the real engine on a loop of the simulated world. Its stories retry what the
// world refuses, as an application would, until they end or the process is killed.
class ClientNode {
 public:
  ClientNode(Environment environment, std::string name, Oracle& oracle);
  virtual ~ClientNode();
  ClientNode(const ClientNode&) = delete;
  ClientNode& operator=(const ClientNode&) = delete;

  // Learns the bookies, then begins the story.
  void Start();
  void Kill();
  void Pause(common::Duration duration) { process_.Pause(duration); }
  bool alive() const { return process_.alive(); }
  // The story is over: nothing is under way.
  bool finished() const { return finished_; }
  const std::string& name() const { return name_; }

 protected:
  virtual void Begin() = 0;
  // Drops what the story holds of the engine, before the engine goes.
  virtual void Drop() = 0;

  void Retry(common::Task task);
  // Errors that no fault of the world explains.
  void Judge(const common::Error& error);
  common::Duration Now() const { return process_.Now().time_since_epoch(); }
  void Finish() { finished_ = true; }
  client::Engine& engine() { return *engine_; }
  Oracle& oracle() { return oracle_; }
  Trace& trace() { return environment_.trace; }

 private:
  Environment environment_;
  const std::string name_;
  Oracle& oracle_;
  bool finished_ = false;
  common::Random random_;
  SimLoop process_;
  std::unique_ptr<SimMetadataStore> store_;
  std::unique_ptr<SimChannelPool> pool_;
  std::unique_ptr<client::Engine> engine_;
};

// Creates a ledger and appends to it, `window` at a time.
class WriterNode final : public ClientNode {
 public:
  struct Story {
    protocol::Replication replication;
    int entries = 0;
    int window = 1;
    bool closes = true;
  };
  // Its name is the owner of the oracle.
  WriterNode(Environment environment, Oracle& oracle, Story story);
  ~WriterNode() override { Kill(); }

  std::optional<protocol::LedgerId> ledger() const { return ledger_; }

 protected:
  void Begin() override;
  void Drop() override { writer_.reset(); }

 private:
  void Fill();
  void Append();
  void OnAppended(client::AppendResult result);

  const Story story_;
  std::shared_ptr<client::Writer> writer_;
  std::optional<protocol::LedgerId> ledger_;
  int begun_ = 0;
  int under_way_ = 0;
  bool stopped_ = false;
  bool closing_ = false;
};

// Seals the ledger, again and again until it succeeds.
class RecovererNode final : public ClientNode {
 public:
  RecovererNode(Environment environment, std::string name, Oracle& oracle,
                protocol::LedgerId ledger);
  ~RecovererNode() override { Kill(); }

 protected:
  void Begin() override;
  void Drop() override {}

 private:
  const protocol::LedgerId ledger_;
};

// Deletes the ledger, again and again until it is told that it is gone.
class DeleterNode final : public ClientNode {
 public:
  DeleterNode(Environment environment, std::string name, Oracle& oracle, protocol::LedgerId ledger);
  ~DeleterNode() override { Kill(); }

 protected:
  void Begin() override;
  void Drop() override {}

 private:
  const protocol::LedgerId ledger_;
};

// Follows the ledger from its first entry until it is closed and read to its end.
class TailerNode final : public ClientNode {
 public:
  TailerNode(Environment environment, std::string name, Oracle& oracle, protocol::LedgerId ledger);
  ~TailerNode() override { Kill(); }

 protected:
  void Begin() override;
  void Drop() override { reader_.reset(); }

 private:
  void Wait();
  void Read(client::Progress progress);

  const protocol::LedgerId ledger_;
  std::shared_ptr<client::Reader> reader_;
  protocol::EntryId next_{0};
};

}  // namespace quire::simulation
