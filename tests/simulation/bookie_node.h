#pragma once

#include <memory>
#include <string>

#include "metadata/registry.h"
#include "protocol/uuid.h"
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
};

// A bookie daemon with one directory, as a process that dies and comes back with what its disk
// kept.
class BookieNode {
 public:
  BookieNode(Environment environment, int index, protocol::BookieId id);
  virtual ~BookieNode() = default;
  BookieNode(const BookieNode&) = delete;
  BookieNode& operator=(const BookieNode&) = delete;

  void Start();
  // The process dies and the power with it: what was not synced may be lost.
  void Crash();
  void Pause(common::Duration duration);
  bool up() const { return process_ != nullptr; }
  // Why the last Start could not serve; empty: it could.
  const std::string& failure() const { return failure_; }

  const std::string& address() const { return address_; }
  protocol::BookieId id() const { return id_; }

 protected:
  // Opens what the disk has. Null: the directory cannot be served, and `failure` says why.
  virtual rpc::BookieHandler* Open(SimLoop& process, std::string& failure) = 0;
  virtual void Close() = 0;
  virtual void LosePower(common::Random& random) = 0;

  Environment environment_;
  const protocol::BookieId id_;

 private:
  const int index_;
  const std::string address_;
  int lives_ = 0;
  std::string failure_;
  // Of the running process; destroyed in this order's reverse.
  std::unique_ptr<SimLoop> process_;
  std::unique_ptr<SimMetadataStore> store_;
  std::unique_ptr<SimServer> server_;
  std::unique_ptr<metadata::Registration> registration_;
};

// SimpleBookie: the protocol only.
std::unique_ptr<BookieNode> MakeSimpleNode(Environment environment, int index,
                                           protocol::BookieId id, BookieMutant mutant);
// bookie::Shard with the real journal, store and replay on a simulated disk; the index is RocksDB
// in its in-memory environment.
std::unique_ptr<BookieNode> MakeFullNode(Environment environment, int index, protocol::BookieId id);

}  // namespace quire::simulation
