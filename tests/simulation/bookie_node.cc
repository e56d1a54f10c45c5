#include "tests/simulation/bookie_node.h"

#include <utility>

namespace quire::simulation {

BookieNode::BookieNode(Environment environment, int index, protocol::BookieId id)
    : environment_(environment),
      id_(id),
      index_(index),
      address_("b" + std::to_string(index) + ":3181") {}

void BookieNode::Start() {
  process_ = std::make_unique<SimLoop>(
      environment_.scheduler, "b" + std::to_string(index_) + "." + std::to_string(++lives_));
  failure_.clear();
  rpc::BookieHandler* handler = Open(*process_, failure_);
  if (handler == nullptr) {
    environment_.trace.Line(address_, " cannot start: ", failure_);
    return;
  }
  environment_.trace.Line(address_, " starts");
  server_ = std::make_unique<SimServer>(environment_.network, address_, *process_, *handler);
  store_ = std::make_unique<SimMetadataStore>(environment_.metadata, *process_);
  registration_ = std::make_unique<metadata::Registration>(
      *process_, *store_,
      metadata::BookieInfo{.bookie = id_, .address = address_, .writable = true});
  registration_->Start([](common::Result<void>) {});
}

void BookieNode::Crash() {
  if (!up()) return;
  environment_.trace.Line(address_, " crashes");
  process_->Kill();
  registration_.reset();
  server_.reset();
  Close();
  store_.reset();
  process_.reset();
  LosePower(environment_.scheduler.random());
}

void BookieNode::Pause(common::Duration duration) {
  if (up()) process_->Pause(duration);
}

namespace {

class SimpleNode final : public BookieNode {
 public:
  SimpleNode(Environment environment, int index, protocol::BookieId id, BookieMutant mutant)
      : BookieNode(environment, index, id), mutant_(mutant) {}
  ~SimpleNode() override { Crash(); }

 protected:
  rpc::BookieHandler* Open(SimLoop& process, std::string&) override {
    bookie_ = std::make_unique<SimpleBookie>(
        process, disk_,
        SimpleBookieOptions{.id = id_,
                            .sync = environment_.network.profile().sync,
                            .max_unsynced = 4096,
                            .mutant = mutant_});
    return bookie_.get();
  }
  void Close() override { bookie_.reset(); }
  void LosePower(common::Random& random) override { disk_.Crash(random); }

 private:
  const BookieMutant mutant_;
  SimpleDisk disk_;
  std::unique_ptr<SimpleBookie> bookie_;
};

}  // namespace

std::unique_ptr<BookieNode> MakeSimpleNode(Environment environment, int index,
                                           protocol::BookieId id, BookieMutant mutant) {
  return std::make_unique<SimpleNode>(environment, index, id, mutant);
}

}  // namespace quire::simulation
