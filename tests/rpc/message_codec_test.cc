#include "rpc/message_codec.h"

#include <Bookie.h>
#include <gtest/gtest.h>

#include "protocol/limits.h"
#include "rpc/frame_codec.h"
#include "tests/rpc/generated_codec.h"
#include "tests/rpc/sample_messages.h"

namespace quire::rpc {
namespace {

using namespace testing;
using protocol::Code;
namespace wire = protocol::wire;

// The body of the frame that `append` appended after other bytes, with its header checked.
template <typename Append>
std::string Body(MessageType type, std::string_view name, Append append) {
  std::string out = "other";
  EXPECT_TRUE(append(out, -5));
  Message message;
  const FrameView view = FirstFrame(std::string_view(out).substr(5));
  EXPECT_EQ(view.need_bytes, out.size() - 5);
  EXPECT_TRUE(ParseMessage(view.frame, message));
  EXPECT_EQ(message.type, type);
  EXPECT_EQ(message.name, name);
  EXPECT_EQ(message.seqid, -5);
  return std::string(message.body);
}
template <typename Request>
std::string CallBody(std::string_view name, const Request& request) {
  return Body(MessageType::kCall, name, [&](std::string& out, std::int32_t seqid) {
    return AppendCall(out, seqid, request);
  });
}
template <typename Reply>
std::string ReplyBody(std::string_view name, const Reply& reply) {
  return Body(MessageType::kReply, name,
              [&](std::string& out, std::int32_t seqid) { return AppendReply(out, seqid, reply); });
}
template <typename Request>
Request RoundTrip(std::string_view name, const Request& request) {
  const std::string body = CallBody(name, request);
  Request read;
  EXPECT_EQ(DecodeCall(body, read), Decoded::kOk);
  EXPECT_EQ(DecodeCall(body + '\0', read), Decoded::kMalformed);  // a trailing byte
  EXPECT_EQ(DecodeCall(body, read), Decoded::kOk);
  return read;
}
template <typename Reply>
Reply ReplyRoundTrip(std::string_view name, const Reply& reply) {
  const std::string body = ReplyBody(name, reply);
  Reply read;
  EXPECT_FALSE(DecodeReply(body + '\0', read));
  EXPECT_TRUE(DecodeReply(body, read));
  return read;
}

TEST(MessageCodecTest, KeepsEveryFieldOfARead) {
  const auto request = RoundTrip("read", SampleReadRequest());
  const auto sample = SampleReadRequest();
  EXPECT_EQ(request.bookie, sample.bookie);
  EXPECT_EQ(request.deadline_ms, sample.deadline_ms);
  EXPECT_EQ(request.ledger, sample.ledger);
  EXPECT_EQ(request.entries, sample.entries);
  EXPECT_EQ(request.max_bytes, sample.max_bytes);
  EXPECT_TRUE(request.fence);
  EXPECT_EQ(request.key, sample.key);
  const auto reply = ReplyRoundTrip("read", SampleReadReply());
  EXPECT_EQ(reply.code, Code::kOk);
  ASSERT_EQ(reply.answers.size(), 3U);
  EXPECT_EQ(reply.answers[0].bytes, "an entry");
  EXPECT_EQ(reply.answers[1].code, Code::kNoEntry);
  EXPECT_EQ(reply.answers[2].code, Code::kOk);
}

TEST(MessageCodecTest, KeepsEveryFieldOfALac) {
  const auto request = RoundTrip("lac", SampleLacRequest());
  const auto sample = SampleLacRequest();
  EXPECT_EQ(request.bookie, sample.bookie);
  EXPECT_EQ(request.deadline_ms, sample.deadline_ms);
  EXPECT_EQ(request.ledger, sample.ledger);
  EXPECT_TRUE(request.fence);
  EXPECT_EQ(request.key, sample.key);
  EXPECT_EQ(request.known_lac, sample.known_lac);
  EXPECT_EQ(request.wait_ms, sample.wait_ms);
  const auto reply = ReplyRoundTrip("lac", SampleLacReply());
  EXPECT_EQ(reply.code, Code::kOk);
  EXPECT_EQ(reply.lac, protocol::EntryId(42));
  EXPECT_TRUE(reply.fenced);
}

TEST(MessageCodecTest, KeepsEveryFieldOfAWriteLac) {
  const auto request = RoundTrip("write_lac", SampleWriteLacRequest());
  const auto sample = SampleWriteLacRequest();
  EXPECT_EQ(request.bookie, sample.bookie);
  EXPECT_EQ(request.deadline_ms, sample.deadline_ms);
  EXPECT_EQ(request.ledger, sample.ledger);
  EXPECT_EQ(request.key, sample.key);
  EXPECT_EQ(request.record, sample.record);
  EXPECT_EQ(ReplyRoundTrip("write_lac", SampleWriteLacReply()).code, Code::kUnauthorized);
}

TEST(MessageCodecTest, KeepsEveryFieldOfAListing) {
  const auto request = RoundTrip("list_entries", SampleListEntriesRequest());
  const auto sample = SampleListEntriesRequest();
  EXPECT_EQ(request.bookie, sample.bookie);
  EXPECT_EQ(request.deadline_ms, sample.deadline_ms);
  EXPECT_EQ(request.ledger, sample.ledger);
  EXPECT_EQ(request.from, sample.from);
  EXPECT_EQ(request.max_runs, sample.max_runs);
  const auto reply = ReplyRoundTrip("list_entries", SampleListEntriesReply());
  EXPECT_EQ(reply.code, Code::kOk);
  EXPECT_EQ(reply.runs, SampleListEntriesReply().runs);
  EXPECT_EQ(reply.next_entry, protocol::EntryId(77));
}

TEST(MessageCodecTest, KeepsEveryFieldOfAStatus) {
  EXPECT_EQ(RoundTrip("status", SampleStatusRequest()).deadline_ms, 60004);
  const auto reply = ReplyRoundTrip("status", SampleStatusReply());
  const auto sample = SampleStatusReply();
  EXPECT_EQ(reply.code, Code::kOk);
  EXPECT_EQ(reply.instance, sample.instance);
  ASSERT_EQ(reply.bookies.size(), 1U);
  const auto& read = reply.bookies[0];
  const auto& sent = sample.bookies[0];
  EXPECT_EQ(read.bookie, sent.bookie);
  EXPECT_EQ(read.directory, sent.directory);
  EXPECT_EQ(read.state, sent.state);
  EXPECT_EQ(std::tie(read.ledgers, read.journal_lsn, read.stored_lsn, read.journal_bytes),
            std::tie(sent.ledgers, sent.journal_lsn, sent.stored_lsn, sent.journal_bytes));
  EXPECT_EQ(std::tie(read.segment_bytes, read.segments, read.cache_bytes, read.free_bytes),
            std::tie(sent.segment_bytes, sent.segments, sent.cache_bytes, sent.free_bytes));
}

TEST(MessageCodecTest, ARefusalCarriesNothingButItsCode) {
  auto reply = SampleReadReply();
  reply.code = Code::kWrongBookie;
  const auto read = ReplyRoundTrip("read", reply);
  EXPECT_EQ(read.code, Code::kWrongBookie);
  EXPECT_TRUE(read.answers.empty());
}

TEST(MessageCodecTest, TellsBrokenContractsFromMalformedBytes) {
  const auto decode = [](const auto& request, std::string_view name) {
    auto read = request;
    return DecodeCall(CallBody(name, request), read);
  };
  auto read = SampleReadRequest();
  read.entries.clear();
  EXPECT_EQ(decode(read, "read"), Decoded::kBadRequest);
  read.entries.resize(protocol::kMaxEntriesPerCall);
  EXPECT_EQ(decode(read, "read"), Decoded::kOk);
  read.entries.resize(protocol::kMaxEntriesPerCall + 1);
  EXPECT_EQ(decode(read, "read"), Decoded::kBadRequest);
  read.entries.resize(kMaxWireElements + 1);
  EXPECT_EQ(decode(read, "read"), Decoded::kMalformed);
  auto lac = SampleLacRequest();
  lac.wait_ms = 60'001;
  EXPECT_EQ(decode(lac, "lac"), Decoded::kBadRequest);
  auto list = SampleListEntriesRequest();
  list.max_runs = -1;
  EXPECT_EQ(decode(list, "list_entries"), Decoded::kBadRequest);
  protocol::StatusRequest status{.deadline_ms = -1};
  EXPECT_EQ(decode(status, "status"), Decoded::kBadRequest);
  EXPECT_EQ(DecodeCall(std::string(1, '\0'), status), Decoded::kMalformed);  // no request
}

TEST(MessageCodecTest, AFenceWithoutKeyBreaksTheContract) {
  wire::Bookie_lac_args args;
  args.request.bookie = protocol::ToBytes(kBookie);
  args.request.__set_fence(true);
  const auto body = [&] {
    const std::string frame = GeneratedFrame("lac", apache::thrift::protocol::T_CALL, 1, args);
    Message message;
    EXPECT_TRUE(ParseMessage(FirstFrame(frame).frame, message));
    return std::string(message.body);
  };
  protocol::LacRequest request;
  EXPECT_EQ(DecodeCall(body(), request), Decoded::kBadRequest);
  args.request.__set_key("short");
  EXPECT_EQ(DecodeCall(body(), request), Decoded::kBadRequest);
  args.request.__set_key(protocol::ToBytes(kKey));
  EXPECT_EQ(DecodeCall(body(), request), Decoded::kOk);
}

// What a bookie says is believed by nobody: callers add one to ids and count to them.
TEST(MessageCodecTest, RefusesRepliesThatMakeNoSense) {
  const auto read = [](const auto& reply, std::string_view name) {
    std::string frame;
    EXPECT_TRUE(AppendReply(frame, 1, reply)) << name;
    Message message;
    EXPECT_TRUE(ParseMessage(FirstFrame(frame).frame, message));
    auto again = reply;
    return DecodeReply(message.body, again);
  };
  for (const std::int64_t lac : {std::int64_t{-2}, INT64_MIN, INT64_MAX}) {
    auto reply = SampleLacReply();
    reply.lac = protocol::EntryId(lac);
    EXPECT_FALSE(read(reply, "lac")) << lac;
  }
  using Runs = std::vector<protocol::EntryRun>;
  const protocol::EntryId five(5);
  for (const Runs& runs : {Runs{{.first = five, .count = 0}}, Runs{{.first = five, .count = -1}},
                           Runs{{.first = five, .count = INT64_MAX}},
                           Runs{{.first = protocol::EntryId(-1), .count = 2}},
                           Runs{{.first = five, .count = 2}, {.first = five + 1, .count = 1}}}) {
    auto reply = SampleListEntriesReply();
    reply.runs = runs;
    EXPECT_FALSE(read(reply, "list_entries"));
  }
}

TEST(MessageCodecTest, DoesNotWriteWhatIsLargerThanAFrame) {
  auto request = SampleWriteLacRequest();
  request.record.resize(protocol::kMaxFrameBytes);
  std::string out = "kept";
  EXPECT_FALSE(AppendCall(out, 1, request));
  EXPECT_EQ(out, "kept");
  auto reply = SampleReadReply();
  reply.answers[0].bytes.resize(protocol::kMaxFrameBytes);
  EXPECT_FALSE(AppendReply(out, 1, reply));
  EXPECT_EQ(out, "kept");
}

TEST(MessageCodecTest, ABusyReplyOfAnyKindSaysWhenToComeBack) {
  protocol::ReadReply read{.code = Code::kBusy, .answers = {}, .retry_after_ms = 30};
  EXPECT_EQ(ReplyRoundTrip("read", read).retry_after_ms, 30);
  EXPECT_EQ(ReplyRoundTrip("lac", protocol::LacReply{.code = Code::kBusy, .retry_after_ms = 31})
                .retry_after_ms,
            31);
  EXPECT_EQ(ReplyRoundTrip("write_lac",
                           protocol::WriteLacReply{.code = Code::kBusy, .retry_after_ms = 32})
                .retry_after_ms,
            32);
  protocol::ListEntriesReply list{.code = Code::kBusy, .runs = {}, .retry_after_ms = 5000};
  EXPECT_EQ(ReplyRoundTrip("list_entries", list).retry_after_ms, protocol::kMaxRetryAfterMs);
  EXPECT_EQ(ReplyRoundTrip("read", SampleReadReply()).retry_after_ms, 0);
}

}  // namespace
}  // namespace quire::rpc
