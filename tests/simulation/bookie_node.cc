#include "tests/simulation/bookie_node.h"

#include <utility>

namespace quire::simulation {

BookieNode::BookieNode(Environment environment, int index)
    : environment_(environment),
      index_(index),
      id_(protocol::BookieId::Make(environment.scheduler.random())),
      address_("b" + std::to_string(index) + ":3181"),
      witness_("b" + std::to_string(index), environment.chronicle) {}

bool BookieNode::Start() {
  if (up()) return true;
  process_ = std::make_unique<SimLoop>(
      environment_.scheduler, "b" + std::to_string(index_) + "." + std::to_string(++lives_));
  store_ = std::make_unique<SimMetadataStore>(environment_.metadata, *process_);
  failure_.clear();
  rpc::BookieHandler* handler = Open(*process_, *store_, failure_);
  if (handler == nullptr) {
    environment_.trace.Line(address_, " cannot start: ", failure_);
    Crash();
    return false;
  }
  environment_.trace.Line(process_->name(), " starts at ", address_);
  handler_ = std::make_unique<WitnessedHandler>(*handler, witness_);
  server_ = std::make_unique<SimServer>(environment_.network, address_, *process_, *handler_);
  registration_ = std::make_unique<metadata::Registration>(
      *process_, *store_,
      metadata::BookieInfo{.bookie = id_, .address = address_, .writable = true},
      metadata::Registration::Elsewhere());
  registration_->Start([](common::Result<void>) {});
  return true;
}

void BookieNode::Crash() {
  if (!up()) return;
  environment_.trace.Line(process_->name(), " at ", address_, " crashes");
  process_->Kill();
  registration_.reset();
  server_.reset();
  handler_.reset();
  Close();
  store_.reset();
  process_.reset();
  LosePower(environment_.scheduler.random());
  ailing_ = false;
}

void BookieNode::Pause(common::Duration duration) {
  if (up()) process_->Pause(duration);
}

void BookieNode::Wipe() {
  environment_.trace.Line(address_, " loses its directory");
  EmptyDirectory();
  witness_.Forget();
  damaged_ = false;
  limbo_ = false;
  id_ = protocol::BookieId::Make(environment_.scheduler.random());
}

void BookieNode::Inject(std::string entry, protocol::LedgerKey key) {
  if (!up()) return;
  process_->Post([this, entry = std::move(entry), key] {
    if (damaged_) return;  // a recovery add replaces a damaged copy, with whatever bytes
    const protocol::Add add{.entry = entry, .key = key, .recovery = true};
    handler_->Add(id_, {&add, 1}, [](const std::vector<protocol::Code>&) {});
  });
}

namespace {

class SimpleNode final : public BookieNode {
 public:
  SimpleNode(Environment environment, int index) : BookieNode(environment, index) {}
  ~SimpleNode() override { Crash(); }

  bool PutInLimbo(protocol::LedgerId ledger) override {
    return disk_.Lose(ledger, environment_.scheduler.random());
  }
  void SetDiskFull(bool full) override {
    full_ = full;
    if (bookie_) bookie_->set_read_only(full);
  }

 protected:
  rpc::BookieHandler* Open(SimLoop& process, metadata::MetadataStore& /*store*/,
                           std::string& /*failure*/) override {
    bookie_ = std::make_unique<SimpleBookie>(
        process, disk_,
        SimpleBookieOptions{
            .id = id(), .sync = environment_.network.profile().sync, .max_unsynced = 4096});
    bookie_->set_read_only(full_);
    return bookie_.get();
  }
  void Close() override { bookie_.reset(); }
  void LosePower(common::Random& random) override { disk_.Crash(random); }
  void EmptyDirectory() override { disk_ = SimpleDisk(); }

 private:
  SimpleDisk disk_;
  bool full_ = false;
  std::unique_ptr<SimpleBookie> bookie_;
};

}  // namespace

std::unique_ptr<BookieNode> MakeSimpleNode(Environment environment, int index) {
  return std::make_unique<SimpleNode>(environment, index);
}

}  // namespace quire::simulation
