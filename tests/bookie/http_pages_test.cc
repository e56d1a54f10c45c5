#include "bookie/http_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "bookie/status_report_json.h"

namespace quire::bookie {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The pages of a daemon that is whatever the test says.
class HttpPagesTest : public ::testing::Test {
 protected:
  HttpPagesTest() {
    daemon_.phase = DaemonPhase::kServing;
    daemon_.directories = {"/data/1"};
    ShardSnapshot shard;
    shard.status.bookie = {.high = 0x0123456789abcdef, .low = 1};
    shard.status.directory = "/data/1";
    shard.status.state = "writable";
    shard.mode = ShardMode::kWritable;
    shard.registered = true;
    shard.compaction = CompactionStats{.copied_bytes = 77};
    daemon_.shards = {shard};
  }

  HttpResponse Ask(const std::string& method, const std::string& target, bool loopback = true,
                   bool browser = false) {
    const HttpPages pages({.snapshot = [this](auto done) { done(daemon_); },
                           .control =
                               [this](BackgroundWork work, BackgroundCommand command, auto done) {
                                 work_ = work;
                                 command_ = command;
                                 if (refusal_) return done(common::Fail(*refusal_));
                                 done(daemon_);
                               },
                           .collection =
                               [this](CollectionCommand command, auto done) {
                                 collection_ = command;
                                 if (refusal_) return done(common::Fail(*refusal_));
                                 done(daemon_);
                               },
                           .log = log_},
                          control_from_anywhere_);
    std::optional<HttpResponse> response;
    pages.Handle({.method = method, .target = target, .loopback = loopback, .browser = browser},
                 [&response](HttpAnswer answer) {
                   EXPECT_FALSE(response) << "a second answer";
                   response = answer();
                 });
    return response.value();
  }
  ShardSnapshot& shard() { return daemon_.shards.front(); }

  DaemonSnapshot daemon_;
  std::optional<BackgroundWork> work_;
  std::optional<BackgroundCommand> command_;
  std::optional<CollectionCommand> collection_;
  std::optional<common::Error> refusal_;
  bool control_from_anywhere_ = false;
  StderrLog* log_ = nullptr;
};

TEST_F(HttpPagesTest, ReadyOnlyWhenServingRegisteredAndWritable) {
  EXPECT_EQ(Ask("GET", "/readyz").status, 200U);
  shard().registered = false;
  EXPECT_EQ(Ask("GET", "/readyz").status, 503U);
  EXPECT_EQ(Ask("GET", "/readyz").body,
            "not ready\n/data/1: not registered in the metadata store\n");
  shard().registered = true;
  shard().mode = ShardMode::kReadOnly;
  shard().status.state = "read-only";
  shard().why = {"too little free space", "set read-only"};
  EXPECT_EQ(Ask("GET", "/readyz").body,
            "not ready\n/data/1: read-only: too little free space\n"
            "/data/1: read-only: set read-only\n");
  daemon_.phase = DaemonPhase::kOpening;
  daemon_.shards.clear();
  EXPECT_EQ(Ask("GET", "/readyz").status, 503U);
  EXPECT_THAT(Ask("GET", "/readyz").body, HasSubstr("replaying"));
  EXPECT_EQ(Ask("GET", "/livez").status, 200U) << "it lives all the same";
}

TEST_F(HttpPagesTest, OneDirectoryOfTwoThatIsNotReadyIsNamed) {
  daemon_.shards.push_back(shard());
  daemon_.shards[1].status.directory = "/data/2";
  daemon_.shards[1].status.state = "failed";
  daemon_.shards[1].why = {"a disk failed"};
  const auto response = Ask("GET", "/readyz");
  EXPECT_EQ(response.status, 503U);
  EXPECT_EQ(response.body, "not ready\n/data/2: failed: a disk failed\n");
}

TEST_F(HttpPagesTest, MetricsHaveOneFamilyForAllDirectories) {
  shard().metrics.add_entries.Count(protocol::Code::kReadOnly);
  daemon_.log = {.warnings = 2, .errors = 1, .lost = 3};
  daemon_.memory_bytes = 1000;
  daemon_.memory = {{.name = "journal", .used = 7, .most = 70}};
  daemon_.shards.push_back(shard());
  daemon_.shards[1].status.bookie = {.high = 0xfedcba9876543210, .low = 1};
  const auto response = Ask("GET", "/metrics?name=ignored");
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(
      response.body,
      HasSubstr("quire_bookie_add_entries_total{bookie=\"01234567\",code=\"read_only\"} 1"));
  EXPECT_THAT(response.body,
              HasSubstr("quire_bookie_mode{bookie=\"fedcba98\",mode=\"writable\"} 1\n"));
  EXPECT_THAT(response.body,
              HasSubstr("quire_bookie_compaction_copied_bytes_total{bookie=\"01234567\"} 77\n"));
  EXPECT_THAT(response.body, HasSubstr("quire_build_info{version=\""));
  EXPECT_THAT(response.body, HasSubstr("quire_log_lines_total{level=\"error\"} 1\n"));
  EXPECT_THAT(response.body, HasSubstr("quire_log_lost_lines_total 3\n"));
  EXPECT_THAT(response.body, HasSubstr("quire_memory_budget_bytes 1000\n"));
  EXPECT_THAT(response.body, HasSubstr("quire_metadata_connected 0\n"));
  EXPECT_THAT(response.body, HasSubstr("quire_memory_used_bytes{part=\"journal\"} 7\n"));
  EXPECT_THAT(response.body, HasSubstr("quire_memory_most_bytes{part=\"journal\"} 70\n"));
  const std::string type = "# TYPE quire_bookie_add_seconds histogram\n";
  const auto first = response.body.find(type);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(response.body.find(type, first + 1), std::string::npos) << "a family comes once";
}

TEST_F(HttpPagesTest, StatusIsJson) {
  daemon_.address = "10.0.0.1:3181";
  shard().status.directory = "/data/\"1\"\n";
  const std::string body = Ask("GET", "/status").body;
  EXPECT_THAT(body, StartsWith("{\"version\":\""));
  EXPECT_THAT(body, HasSubstr("\"phase\":\"serving\",\"ready\":true,\"not_ready_because\":[]"));
  EXPECT_THAT(body, HasSubstr("\"address\":\"10.0.0.1:3181\""));
  EXPECT_THAT(body, HasSubstr("\"bookies\":[{\"bookie\":\"0123456789abcdef0000000000000001\","
                              "\"directory\":\"/data/\\\"1\\\"\\n\",\"state\":\"writable\","
                              "\"why\":[],\"registered\":true,\"registrations\":0,"));
  EXPECT_THAT(body, HasSubstr("\"compaction\":{\"running\":false,\"paused\":false,\"rounds\":0,"
                              "\"copied_bytes\":77,"));
  shard().compaction.reset();
  EXPECT_THAT(Ask("GET", "/status").body, HasSubstr("\"compaction\":null,\"scrub\":null,"));
  shard().scrub = ScrubStats{.corrupt = 3};
  EXPECT_THAT(Ask("GET", "/status").body, HasSubstr("\"corrupt\":3,"));
  EXPECT_THAT(Ask("GET", "/status").body, HasSubstr("\"pass_age_seconds\":null"));
  shard().scrub->since_pass = std::chrono::minutes(2);
  EXPECT_THAT(Ask("GET", "/status").body, HasSubstr("\"pass_age_seconds\":120"));
  EXPECT_THAT(body, HasSubstr("\"errors\":{},\"flush\":{\"done\":0,"));
  shard().metrics.add_entries.Count(protocol::Code::kBusy);
  shard().metrics.read_entries.Count(protocol::Code::kNoEntry);
  shard().metrics.read_entries.Count(protocol::Code::kUnknown);
  EXPECT_THAT(Ask("GET", "/status").body,
              HasSubstr("\"errors\":{\"entry unknown\":1,\"add busy\":1}"));
}

TEST_F(HttpPagesTest, CompactionIsToldWhatToDo) {
  EXPECT_EQ(Ask("POST", "/compaction/run").status, 200U);
  EXPECT_EQ(command_, BackgroundCommand::kRun);
  EXPECT_EQ(Ask("POST", "/compaction/pause").status, 200U);
  EXPECT_EQ(command_, BackgroundCommand::kPause);
  EXPECT_THAT(Ask("POST", "/compaction/resume").body, HasSubstr("\"compaction\":{"));
  EXPECT_EQ(command_, BackgroundCommand::kResume);
  refusal_ = common::Error(common::Errc::kBusy, "it is paused");
  EXPECT_EQ(Ask("POST", "/compaction/run").status, 409U);
  EXPECT_EQ(Ask("POST", "/compaction/run").body, "it is paused\n");
}

TEST_F(HttpPagesTest, SoIsTheScrub) {
  EXPECT_EQ(Ask("POST", "/scrub/run").status, 200U);
  EXPECT_EQ(work_, BackgroundWork::kScrub);
  EXPECT_EQ(command_, BackgroundCommand::kRun);
  EXPECT_EQ(Ask("POST", "/compaction/pause").status, 200U);
  EXPECT_EQ(work_, BackgroundWork::kCompaction);
  EXPECT_EQ(Ask("POST", "/scrub/resume").status, 200U);
  EXPECT_EQ(work_, BackgroundWork::kScrub);
  EXPECT_EQ(command_, BackgroundCommand::kResume);
  EXPECT_EQ(Ask("POST", "/scrub/run", false).status, 403U);
  EXPECT_EQ(Ask("POST", "/scrubs/run").status, 404U);
}

TEST_F(HttpPagesTest, CompactionIsNotForStrangersNorForPagesOfOthers) {
  EXPECT_EQ(Ask("POST", "/compaction/pause", false).status, 403U);
  EXPECT_EQ(Ask("POST", "/compaction/pause", true, true).status, 403U);
  EXPECT_FALSE(command_);
  EXPECT_EQ(Ask("GET", "/metrics", false).status, 200U) << "looking is allowed";
  control_from_anywhere_ = true;
  EXPECT_EQ(Ask("POST", "/compaction/pause", false).status, 200U);
  EXPECT_EQ(command_, BackgroundCommand::kPause);
}

TEST_F(HttpPagesTest, TheLogIsTurnedUpAndDown) {
  EXPECT_EQ(Ask("GET", "/log").status, 404U) << "there is none";
  StderrLog log(LogLevel::kInfo, LogFormat::kText);
  log_ = &log;
  EXPECT_EQ(Ask("GET", "/log").body, "level=info\n");
  EXPECT_EQ(Ask("POST", "/log?level=debug").body, "level=debug\n");
  EXPECT_EQ(log.level(), LogLevel::kDebug);
  EXPECT_EQ(Ask("GET", "/log").body, "level=debug\n");
  for (const char* wrong : {"/log", "/log?", "/log?level=", "/log?level=loud", "/log?x=info"}) {
    EXPECT_EQ(Ask("POST", wrong).status, 400U) << wrong;
    EXPECT_THAT(Ask("POST", wrong).body, HasSubstr("debug, info, warning or error"));
  }
  EXPECT_EQ(Ask("PUT", "/log?level=info").allow, "GET, POST");
  EXPECT_EQ(Ask("POST", "/log?level=error", false).status, 403U) << "from another machine";
  EXPECT_EQ(Ask("POST", "/log?level=error", true, true).status, 403U) << "from a browser";
  EXPECT_EQ(log.level(), LogLevel::kDebug);
  EXPECT_EQ(Ask("GET", "/log", false).status, 200U) << "looking is allowed";
  control_from_anywhere_ = true;
  EXPECT_EQ(Ask("POST", "/log?level=error", false).status, 200U);
  EXPECT_EQ(log.level(), LogLevel::kError);
}

TEST_F(HttpPagesTest, WrongMethodsAndPathsAreToldWhatThereIs) {
  EXPECT_EQ(Ask("POST", "/metrics").status, 405U);
  EXPECT_EQ(Ask("POST", "/metrics").allow, "GET");
  EXPECT_EQ(Ask("GET", "/compaction/run").status, 405U);
  EXPECT_EQ(Ask("GET", "/compaction/run").allow, "POST");
  EXPECT_FALSE(command_);
  EXPECT_EQ(Ask("GET", "/metric").status, 404U);
  EXPECT_THAT(Ask("GET", "/metric").body, HasSubstr("/metrics"));
  EXPECT_EQ(Ask("GET", "").status, 404U);
  EXPECT_THAT(Ask("GET", "/").body, HasSubstr("/compaction/run"));
}

TEST(JsonTextTest, SeparatesAndEscapes) {
  JsonText json;
  json.OpenObject();
  json.Put("a", std::uint64_t{1});
  json.Key("l");
  json.OpenList();
  json.Value(true);
  json.Value(0.5);
  json.Null();
  json.OpenObject();
  json.CloseObject();
  json.Value("\"\\\x01\x1f\xff");
  json.CloseList();
  json.Put("s", "größe");
  json.CloseObject();
  EXPECT_EQ(json.text(),
            "{\"a\":1,\"l\":[true,0.5,null,{},\"\\\"\\\\\\u0001\\u001f\uFFFD\"],\"s\":\"größe\"}");
}

TEST_F(HttpPagesTest, SpaceCollectionIsShownAndTakesConsent) {
  EXPECT_THAT(Ask("GET", "/status").body, HasSubstr("\"collection\":null"));
  shard().collection = CollectionStats{.missing = 5, .held_back = 3, .believed = false};
  EXPECT_THAT(Ask("GET", "/status").body,
              HasSubstr("\"collection\":{\"believed\":false,\"missing\":5,\"held_back\":3,"));
  const std::string metrics = Ask("GET", "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("quire_bookie_collection_held_back{bookie=\"01234567\"} 3\n"));
  EXPECT_THAT(metrics, HasSubstr("quire_bookie_collection_believed{bookie=\"01234567\"} 0\n"));
  EXPECT_EQ(Ask("POST", "/collection/run").status, 200U);
  EXPECT_EQ(collection_, CollectionCommand::kRun);
  EXPECT_EQ(Ask("POST", "/collection/consent").status, 200U);
  EXPECT_EQ(collection_, CollectionCommand::kConsent);
  collection_.reset();
  EXPECT_EQ(Ask("POST", "/collection/consent", false).status, 403U);
  EXPECT_EQ(Ask("POST", "/collection/consent", true, true).status, 403U);
  EXPECT_EQ(Ask("GET", "/collection/consent").status, 405U);
  EXPECT_FALSE(collection_);
  refusal_ = common::Error(common::Errc::kBusy, "no ledger is held back");
  EXPECT_EQ(Ask("POST", "/collection/consent").status, 409U);
}

}  // namespace
}  // namespace quire::bookie
