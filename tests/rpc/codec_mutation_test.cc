// Every decoder against truncated, changed and invented bytes. What is asked is that none of them
// crashes (the sanitizers watch) and none allocates much more than it was given.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <new>

#include "common/random.h"
#include "rpc/add_codec.h"
#include "rpc/frame_codec.h"
#include "rpc/message_codec.h"
#include "tests/rpc/sample_messages.h"

namespace {
std::atomic<std::size_t> largest_allocation = 0;
}  // namespace

// The thread sanitizer has its own and takes no other; that build does not measure.
#if !__has_feature(thread_sanitizer)
void* operator new(std::size_t bytes) {
  if (bytes > largest_allocation) largest_allocation = bytes;
  void* const memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif

namespace quire::rpc {
namespace {

using namespace testing;
using namespace std::string_literals;

// The container limit lets a few bytes ask for so many of the largest generated struct.
constexpr std::size_t kMostBytes = kMaxWireElements * 256;

struct Codec {
  std::string name;
  std::string body;  // a good one
  std::function<void(std::string_view)> decode;
};

template <typename Reply>
Codec ReplyCodec(const std::string& name, const Reply& sample) {
  std::string frame;
  EXPECT_TRUE(AppendReply(frame, 1, sample));
  Message message;
  EXPECT_TRUE(ParseMessage(FirstFrame(frame).frame, message));
  return {name + " reply", std::string(message.body), [](std::string_view body) {
            Reply reply;
            (void)DecodeReply(body, reply);
          }};
}
template <typename Request>
Codec CallCodec(const std::string& name, const Request& sample) {
  std::string frame;
  EXPECT_TRUE(AppendCall(frame, 1, sample));
  Message message;
  EXPECT_TRUE(ParseMessage(FirstFrame(frame).frame, message));
  return {name + " call", std::string(message.body), [](std::string_view body) {
            Request request;
            (void)DecodeCall(body, request);
          }};
}

std::vector<Codec> Codecs() {
  std::vector<Codec> codecs = {
      CallCodec("read", SampleReadRequest()),
      CallCodec("lac", SampleLacRequest()),
      CallCodec("write_lac", SampleWriteLacRequest()),
      CallCodec("list_entries", SampleListEntriesRequest()),
      CallCodec("status", SampleStatusRequest()),
      ReplyCodec("read", SampleReadReply()),
      ReplyCodec("lac", SampleLacReply()),
      ReplyCodec("write_lac", SampleWriteLacReply()),
      ReplyCodec("list_entries", SampleListEntriesReply()),
      ReplyCodec("status", SampleStatusReply()),
  };
  AddFrame adds({}, 1, kBookie, 5);
  adds.Append({.entry = "first", .key = kKey, .recovery = true});
  adds.Append({.entry = "second", .key = kKey});
  Message message;
  const std::string add_frame = std::move(adds).Seal();
  EXPECT_TRUE(ParseMessage(FirstFrame(add_frame).frame, message));
  codecs.push_back({"add call", std::string(message.body), [](std::string_view body) {
                      AddCall call;
                      if (DecodeAddCall(body, call) != Decoded::kMalformed) {
                        for (const protocol::Add& add : call.adds) {
                          // Views stay within the frame.
                          ASSERT_GE(add.entry.data(), body.data());
                          ASSERT_LE(add.entry.data() + add.entry.size(), body.data() + body.size());
                        }
                      }
                    }});
  std::string reply_frame;
  AppendAddReply(reply_frame, 1, std::vector{protocol::Code::kOk, protocol::Code::kBusy});
  EXPECT_TRUE(ParseMessage(FirstFrame(reply_frame).frame, message));
  codecs.push_back({"add reply", std::string(message.body), [](std::string_view body) {
                      std::vector<protocol::Code> codes;
                      (void)DecodeAddReply(body, codes);
                    }});
  codecs.push_back({"message", add_frame.substr(kFrameHeaderBytes), [](std::string_view bytes) {
                      Message parsed;
                      (void)ParseMessage(bytes, parsed);
                    }});
  return codecs;
}

// In a block of exactly its size, so that the address sanitizer sees one byte too many.
void Decode(const Codec& codec, std::string_view bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  codec.decode({exact.data(), exact.size()});
}

TEST(CodecMutationTest, EveryDecoderSurvivesTruncation) {
  for (const Codec& codec : Codecs()) {
    SCOPED_TRACE(codec.name);
    for (std::size_t size = 0; size <= codec.body.size(); ++size) {
      Decode(codec, std::string_view(codec.body).substr(0, size));
    }
  }
}

TEST(CodecMutationTest, EveryDecoderSurvivesChangedBytes) {
  common::Random random(20'261'121);
  largest_allocation = 0;
  for (const Codec& codec : Codecs()) {
    SCOPED_TRACE(codec.name);
    for (int round = 0; round < 20'000; ++round) {
      std::string bytes = codec.body;
      const std::uint64_t changes = 1 + common::Below(random, 4);
      for (std::uint64_t i = 0; i < changes; ++i) {
        // Small values are types, ids and counts and lead further than any byte.
        const std::uint64_t value =
            common::Below(random, 2) == 0 ? common::Below(random, 17) : common::Below(random, 256);
        bytes[common::Below(random, bytes.size())] = static_cast<char>(value);
      }
      Decode(codec, bytes);
    }
  }
  EXPECT_LE(largest_allocation, kMostBytes);
}

TEST(CodecMutationTest, EveryDecoderSurvivesInventedBytes) {
  common::Random random(20'261'122);
  largest_allocation = 0;
  for (const Codec& codec : Codecs()) {
    SCOPED_TRACE(codec.name);
    for (int round = 0; round < 5'000; ++round) {
      std::string bytes(common::Below(random, 200), '\0');
      for (char& byte : bytes) byte = static_cast<char>(common::Below(random, 17));
      Decode(codec, bytes);
    }
  }
  EXPECT_LE(largest_allocation, kMostBytes);
}

// Thrift 0.17 by itself would allocate gigabytes: the size of the list times the size of an element
// overflows its check.
TEST(CodecMutationTest, AListThatIsNotThereIsRefusedWithoutAllocatingForIt) {
  largest_allocation = 0;
  const std::string count = "\x20\x00\x00\x01"s;  // 536870913
  // request { 4: list<i64> }, request { 3: list<struct> }, success { 2: list<struct> } and so on.
  for (const char field : "\1\2\3\4\5\6\7"s) {
    for (const char element : "\x02\x08\x0a\x0b\x0c"s) {
      for (const char outer : "\0\1"s) {
        const std::string body = "\x0c\0"s + outer + "\x0f\0"s + field + element + count;
        for (const Codec& codec : Codecs()) Decode(codec, body);
      }
    }
  }
  protocol::ReadRequest request;
  EXPECT_EQ(DecodeCall("\x0c\0\1\x0f\0\4\x0a"s + count, request), Decoded::kMalformed);
  AddCall call;
  EXPECT_EQ(DecodeAddCall("\x0c\0\1\x0f\0\3\x0c"s + count, call), Decoded::kMalformed);
  EXPECT_LE(largest_allocation, kMostBytes);
}

TEST(CodecMutationTest, AStringThatIsNotThereIsRefusedWithoutAllocatingForIt) {
  largest_allocation = 0;
  const std::string body = "\x0c\0\1\x0b\0\1\x7f\xff\xff\xf0"s;
  for (const Codec& codec : Codecs()) Decode(codec, body);
  EXPECT_LE(largest_allocation, kMostBytes);
}

// Thrift makes an enum of a type byte before it looks whether there is such a type. The sanitizers
// watch what the last two decode.
TEST(CodecMutationTest, ATypeThatIsNotThereIsRefusedBeforeThriftSeesIt) {
  const std::string call = CallCodec("status", SampleStatusRequest()).body;
  protocol::StatusRequest request;
  ASSERT_EQ(DecodeCall(call, request), Decoded::kOk);
  for (const char container : "\x0e\x0f"s) {  // a field that nobody knows: an empty set, list
    const std::string field = container + "\0\x63\xf1\0\0\0\0"s;
    EXPECT_EQ(DecodeCall(call.substr(0, call.size() - 1) + field + '\0', request),
              Decoded::kMalformed);
  }
  const std::string map = "\x0d\0\x63\xf1\x0b\0\0\0\0"s;
  EXPECT_EQ(DecodeCall(call.substr(0, call.size() - 1) + map + '\0', request), Decoded::kMalformed);
  // The generated code reads a list as the IDL has it, whatever elements it declares: three i64,
  // read as structs, hold a field of type 0x22.
  protocol::ReadReply reply;
  EXPECT_FALSE(DecodeReply(
      "\x0c\0\0\x08\0\1\0\0\0\0\x0f\0\2\x0a\0\0\0\3\x22"s + std::string(23, '\0') + "\0\0"s,
      reply));
}

}  // namespace
}  // namespace quire::rpc
