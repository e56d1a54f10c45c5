#include "bookie/shard_router.h"

#include <gmock/gmock.h>

#include "shard_fixture.h"

namespace quire::bookie {
namespace {

using protocol::Code;

class ShardRouterTest : public ShardFixture {
 protected:
  static constexpr protocol::BookieId kHere{.high = 1, .low = 2};
  static constexpr protocol::BookieId kElsewhere{.high = 1, .low = 3};

  void SetUp() override {
    ShardFixture::SetUp();
    router_.Add(*shard_);
  }

  template <typename T>
  static Reply<T> Empty() {
    return std::make_shared<std::optional<T>>();
  }

  ShardRouter router_{protocol::InstanceId{.high = 8, .low = 8}};
};

TEST_F(ShardRouterTest, GivesRequestsToTheBookieTheyName) {
  const std::string bytes = MakeEntry(1, 0);
  const protocol::Add add{.entry = bytes, .key = kKey};
  const auto added = Empty<std::vector<Code>>();
  router_.Add(kHere, {&add, 1}, Into(added));
  MakeDurable();
  EXPECT_EQ(CodeOf(added), Code::kOk);
  protocol::ReadRequest read;
  read.bookie = kHere;
  read.ledger = protocol::LedgerId(1);
  read.entries = {protocol::EntryId(0)};
  const auto answer = Empty<protocol::ReadReply>();
  router_.Read(read, Into(answer));
  EXPECT_EQ(CodeOf(answer), Code::kOk);
}

TEST_F(ShardRouterTest, NeverSpeaksForABookieThatIsNotHere) {  // T-17
  const std::string bytes = MakeEntry(1, 0);
  const protocol::Add adds[] = {{.entry = bytes, .key = kKey}, {.entry = bytes, .key = kKey}};
  const auto added = Empty<std::vector<Code>>();
  router_.Add(kElsewhere, adds, Into(added));
  EXPECT_THAT(added->value(), ::testing::ElementsAre(Code::kWrongBookie, Code::kWrongBookie));
  protocol::ReadRequest read;
  read.bookie = kElsewhere;
  read.entries = {protocol::EntryId(0)};
  const auto answer = Empty<protocol::ReadReply>();
  router_.Read(read, Into(answer));
  EXPECT_EQ(answer->value().code, Code::kWrongBookie);
  protocol::LacRequest lac;
  lac.bookie = kElsewhere;
  const auto lac_answer = Empty<protocol::LacReply>();
  router_.Lac(lac, Into(lac_answer));
  EXPECT_EQ(lac_answer->value().code, Code::kWrongBookie);
  protocol::WriteLacRequest write;
  write.bookie = kElsewhere;
  const auto write_answer = Empty<protocol::WriteLacReply>();
  router_.WriteLac(write, Into(write_answer));
  EXPECT_EQ(write_answer->value().code, Code::kWrongBookie);
  protocol::ListEntriesRequest list;
  list.bookie = kElsewhere;
  const auto list_answer = Empty<protocol::ListEntriesReply>();
  router_.ListEntries(list, Into(list_answer));
  EXPECT_EQ(list_answer->value().code, Code::kWrongBookie);
}

TEST_F(ShardRouterTest, ReportsEveryBookie) {
  Add(MakeEntry(1, 0));
  MakeDurable();
  const auto status = Empty<protocol::StatusReply>();
  router_.Status({}, Into(status));
  EXPECT_EQ(status->value().instance, (protocol::InstanceId{.high = 8, .low = 8}));
  ASSERT_EQ(status->value().bookies.size(), 1U);
  const protocol::BookieStatus& bookie = status->value().bookies[0];
  EXPECT_EQ(bookie.bookie, kHere);
  EXPECT_EQ(bookie.state, "writable");
  EXPECT_EQ(bookie.ledgers, 1);
  EXPECT_EQ(bookie.journal_lsn, 1);
  EXPECT_EQ(bookie.stored_lsn, 0);
}

TEST_F(ShardRouterTest, OneSlowDiskOfTwoDoesNotStopTheConnections) {
  FakeStorage other_fakes;
  Shard other(loop_, kElsewhere, {disk_, disk_, worker_, worker_, {&reader_}}, options_, Log(), {});
  ASSERT_TRUE(other.Open(other_fakes.storage()));
  router_.Add(other);
  fakes_.store->full = true;
  EXPECT_TRUE(router_.Accepting());
  other_fakes.store->full = true;
  EXPECT_FALSE(router_.Accepting());
}

}  // namespace
}  // namespace quire::bookie
