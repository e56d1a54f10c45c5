#pragma once

#include <functional>
#include <memory>
#include <string>

#include "metadata/registry.h"
#include "protocol/uuid.h"
#include "tests/simulation/bookie_witness.h"
#include "tests/simulation/sim_metadata_store.h"
#include "tests/simulation/sim_network.h"
#include "tests/simulation/sim_server.h"
#include "tests/simulation/simple_bookie.h"

namespace quire::simulation {

// What bookies and clients live in.
struct Environment {
  SimScheduler& scheduler;
  SimNetwork& network;
  SimMetadata& metadata;
  Trace& trace;
  Chronicle& chronicle;
};

// A bookie daemon with one directory, as a process that dies and comes back with what its disk
// kept. What is more than one process's life, the directory and its promises, is here.
class BookieNode {
 public:
  BookieNode(Environment environment, int index);
  virtual ~BookieNode() = default;
  BookieNode(const BookieNode&) = delete;
  BookieNode& operator=(const BookieNode&) = delete;

  // Nothing when it is up. False: the directory cannot be served now, see failure().
  bool Start();
  // The process dies and the power with it: what was not synced may be lost.
  void Crash();
  void Pause(common::Duration duration);
  bool up() const { return process_ != nullptr; }
  // Why the last Start could not serve; empty: it could.
  const std::string& failure() const { return failure_; }

  // Of a bookie that is down.
  // The directory is emptied, or replaced: what comes back is another bookie (T-17).
  void Wipe();
  void set_address(std::string address) { address_ = std::move(address); }
  // Loses some entries of the ledger, or its index, and knows it. False: nothing was there.
  virtual bool PutInLimbo(protocol::LedgerId ledger) = 0;
  // It lost its index, and cannot even say that it has nothing of a ledger.
  bool limbo() const { return limbo_; }

  // Disk faults of a bookie that is up, all gone after the next crash but the full disk.
  // A bit of what is stored flips. False: there is nothing to flip.
  virtual bool Rot() { return false; }
  virtual void FailDisk() {}
  virtual void SetDiskFull(bool full) = 0;

  // Hands the bookie an add past the network, in a turn of its own.
  void Inject(std::string entry, protocol::LedgerKey key);

  const std::string& address() const { return address_; }
  protocol::BookieId id() const { return id_; }
  BookieWitness& witness() { return witness_; }
  // Its disk lost or changed something of the past: it may miss what it acknowledged, or not start.
  bool damaged() const { return damaged_; }
  void MarkDamaged() {
    damaged_ = true;
    witness_.ExcuseAll();
  }
  // Its disk fails or is full: somebody has to start it again.
  bool ailing() const { return ailing_; }
  void MarkAiling() { ailing_ = true; }

 protected:
  // Opens what the disk has. Null: the directory cannot be served, and `failure` says why.
  virtual rpc::BookieHandler* Open(SimLoop& process, metadata::MetadataStore& store,
                                   std::string& failure) = 0;
  virtual void Close() = 0;
  virtual void LosePower(common::Random& random) = 0;
  virtual void EmptyDirectory() = 0;

  Environment environment_;
  bool limbo_ = false;

 private:
  const int index_;
  protocol::BookieId id_;
  std::string address_;
  BookieWitness witness_;
  bool damaged_ = false;
  bool ailing_ = false;
  int lives_ = 0;
  std::string failure_;
  // Of the running process; destroyed in this order's reverse.
  std::unique_ptr<SimLoop> process_;
  std::unique_ptr<SimMetadataStore> store_;
  std::unique_ptr<WitnessedHandler> handler_;
  std::unique_ptr<SimServer> server_;
  std::unique_ptr<metadata::Registration> registration_;
};

// SimpleBookie: the protocol only.
std::unique_ptr<BookieNode> MakeSimpleNode(Environment environment, int index);
// bookie::Shard with the real journal, store, replay and space collection on a simulated disk; the
// index is RocksDB in its in-memory environment.
std::unique_ptr<BookieNode> MakeFullNode(Environment environment, int index);

// The cluster that full nodes belong to; their space collection believes no other.
inline constexpr protocol::InstanceId kCluster{1, 1};

}  // namespace quire::simulation
