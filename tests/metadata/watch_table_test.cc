#include "metadata/watch_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace quire::metadata {
namespace {

const WatchKey kNode{"/x", WatchKind::kNode};
const WatchKey kChildren{"/x", WatchKind::kChildren};

TEST(WatchTableTest, CallsOnceAndOnlyTheKeyThatFired) {
  WatchTable table;
  int node = 0;
  int children = 0;
  const auto a = table.Add(kNode, [&] { ++node; });
  const auto b = table.Add(kChildren, [&] { ++children; });
  table.Fire(kNode);
  table.Fire(kNode);
  EXPECT_EQ(node, 1);
  EXPECT_EQ(children, 0);
  table.FireAll();
  table.FireAll();
  EXPECT_EQ(node, 1);
  EXPECT_EQ(children, 1);
}

TEST(WatchTableTest, LetsACallDropTheNextWatch) {
  WatchTable table;
  MetadataStore::WatchHandle second;
  const auto first = table.Add(kNode, [&] { second.reset(); });
  second = table.Add(kNode, [] { FAIL() << "it was dropped"; });
  table.Fire(kNode);
}

TEST(WatchTableTest, LetsACallWatchAgain) {
  WatchTable table;
  int calls = 0;
  MetadataStore::WatchHandle handle;
  std::function<void()> again = [&] {
    ++calls;
    handle = table.Add(kNode, [&] { again(); });
  };
  again();
  table.Fire(kNode);
  table.Fire(kNode);
  EXPECT_EQ(calls, 3);
}

TEST(WatchTableTest, MayEndWithinACallAndBeforeItsHandles) {
  auto table = std::make_unique<WatchTable>();
  int calls = 0;
  const auto first = table->Add(kNode, [&] {
    ++calls;
    table.reset();
  });
  const auto second = table->Add(kNode, [&] { ++calls; });
  table->Fire(kNode);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace quire::metadata
