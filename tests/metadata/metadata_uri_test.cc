#include "metadata/metadata_uri.h"

#include <gtest/gtest.h>

namespace quire::metadata {
namespace {

TEST(MetadataUriTest, SplitsServersAndRoot) {
  const auto uri = MetadataUri::Parse("zk://zk1.example:2182,10.0.0.2:2181/prod/quire");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->servers(), "zk1.example:2182,10.0.0.2:2181");
  EXPECT_EQ(uri->root(), "/prod/quire");
}

TEST(MetadataUriTest, KnowsTheDefaultPortAndBracketedAddresses) {
  EXPECT_EQ(MetadataUri::Parse("zk://localhost/q")->servers(), "localhost:2181");
  EXPECT_EQ(MetadataUri::Parse("zk://[::1],[fe80::2]:99/q")->servers(), "[::1]:2181,[fe80::2]:99");
}

TEST(MetadataUriTest, SaysWhatIsWrongAndHowItLooks) {
  for (const char* text :
       {"", "zk:", "localhost:2181/q", "etcd://localhost/q", "zk://localhost", "zk://localhost/",
        "zk:///q", "zk://a,,b/q", "zk://a:/q", "zk://a:0/q", "zk://a:65536/q", "zk://a:1x/q",
        "zk://a b/q", "zk://a/q/", "zk://a/q//r", "zk://a/../q", "zk://[::1/q", "zk://a:1:2/q"}) {
    const auto uri = MetadataUri::Parse(text);
    ASSERT_FALSE(uri) << text;
    EXPECT_EQ(uri.error().code(), common::Errc::kInvalidArgument);
    EXPECT_TRUE(uri.error().context().contains("zk://host:2181")) << uri.error().context();
  }
}

}  // namespace
}  // namespace quire::metadata
