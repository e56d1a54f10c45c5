#include "tools/cluster_admin.h"

#include <functional>
#include <future>
#include <memory>

#include "client/client_core.h"
#include "common/random.h"
#include "metadata/registry.h"
#include "metadata/zookeeper_store.h"
#include "rpc/asio_loop.h"

namespace quire::tools {

using common::Errc;
using common::Fail;
using common::Result;
using metadata::MetadataStore;
using protocol::InstanceId;

namespace {

using InstanceDone = common::Callback<Result<InstanceId>>;

// One question to the metadata store, without a cluster that a client could connect to.
Result<InstanceId> Ask(const std::string& metadata_uri,
                       const std::function<void(MetadataStore&, InstanceDone)>& question) {
  rpc::AsioLoop loop("quire-admin");
  std::unique_ptr<MetadataStore> store;
  std::promise<Result<InstanceId>> promise;
  loop.Post([&] {
    auto opened = metadata::ZookeeperStore::Open(loop, metadata_uri);
    if (!opened) return promise.set_value(Fail(std::move(opened).error()));
    store = *std::move(opened);
    question(*store,
             [&promise](Result<InstanceId> result) { promise.set_value(std::move(result)); });
  });
  auto result = promise.get_future().get();
  loop.Stop();
  return result;
}

}  // namespace

Result<InstanceId> InitClusterAt(const std::string& metadata_uri) {
  common::Random random = common::SystemRandom();
  const auto instance = InstanceId::Make(random);
  auto made = Ask(metadata_uri, [instance](MetadataStore& store, InstanceDone done) {
    metadata::InitCluster(store, instance, client::WallClockMillis(),
                          [instance, done = std::move(done)](Result<void> result) mutable {
                            if (!result) return done(Fail(std::move(result).error()));
                            done(instance);
                          });
  });
  if (made || made.error().code() != Errc::kAmbiguous) return made;
  // The answer was lost; the id that is there now tells whose it is (T-26).
  auto there = InstanceAt(metadata_uri);
  if (!there || *there == instance) return there;
  return Fail(Errc::kNodeExists, metadata_uri);
}

Result<InstanceId> InstanceAt(const std::string& metadata_uri) {
  return Ask(metadata_uri, [](MetadataStore& store, InstanceDone done) {
    metadata::ReadInstance(store, std::move(done));
  });
}

}  // namespace quire::tools
