// What the fuzz targets stand on: their reading of an input, their oracles.

#include <gtest/gtest.h>

#include <string>

#include "bookie/journal_format.h"
#include "rpc/frame_codec.h"
#include "tests/fuzz/arguments.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/journal_script.h"
#include "tests/fuzz/journal_seal.h"
#include "tests/fuzz/wire_walk.h"

namespace quire::fuzz {
namespace {

using namespace std::string_literals;
using rpc::WireType;

constexpr int kStruct = static_cast<int>(WireType::kStruct);

TEST(InputTest, AnswersZerosBehindItsEnd) {
  Input in("\1\2\3\2abc");
  EXPECT_EQ(in.Byte(), 1);
  EXPECT_EQ(in.Number<std::uint16_t>(), 0x0203);
  EXPECT_EQ(in.Short(), "ab");
  EXPECT_EQ(in.rest(), "c");
  EXPECT_EQ(in.Number<std::uint32_t>(), 0U);
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.Bytes(5), "");
}

TEST(ArgumentsTest, AreOneALineAndEndAtAZero) {
  const Arguments arguments("quire", "one\n\ntw\0o"s);
  ASSERT_EQ(arguments.count(), 4);
  EXPECT_STREQ(arguments.values()[0], "quire");
  EXPECT_STREQ(arguments.values()[2], "");
  EXPECT_STREQ(arguments.values()[3], "tw");
}

// A struct with an i32 and a list of one empty struct.
const std::string kSound = "\x08\0\1\0\0\0\7\x0f\0\2\x0c\0\0\0\1\0\0"s;

TEST(WireWalkTest, TakesExactlyOneStruct) {
  const auto facts = WalkStruct(kSound, kStruct);
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->field_twice || facts->other_lists || facts->unnamed_type);
  EXPECT_EQ(facts->depth, 3);
  EXPECT_FALSE(WalkStruct(kSound + '\0', kStruct));
  for (std::size_t size = 0; size < kSound.size(); ++size) {
    EXPECT_FALSE(WalkStruct(kSound.substr(0, size), kStruct)) << size;
  }
}

TEST(WireWalkTest, SeesWhatNoSenderWrites) {
  EXPECT_TRUE(WalkStruct("\2\0\1\1\2\0\1\1\0"s, kStruct)->field_twice);
  EXPECT_TRUE(WalkStruct(kSound, static_cast<int>(WireType::kI64))->other_lists);
  EXPECT_TRUE(WalkStruct("\x0e\0\1\x28\0\0\0\0\0"s, kStruct)->unnamed_type);
  EXPECT_FALSE(WalkStruct("\x28\0\1\0"s, kStruct));                    // a type that there is not
  EXPECT_FALSE(WalkStruct("\x0e\0\1\2\xff\xff\xff\xff\0"s, kStruct));  // a set that is not there
}

TEST(JournalScriptTest, WritesFilesThatVerify) {
  // Two records in a batch, then a file of its own for the next one.
  const std::string steps = "\0\1\1\1a\2\1b\1\0\0\0\3\1c"s;
  Input in(steps);
  const JournalScript script(in);
  ASSERT_EQ(script.files().size(), 2U);
  ASSERT_EQ(script.batches().size(), 2U);
  EXPECT_FALSE(script.foul());
  bookie::Lsn next = 1;
  for (const JournalScript::Batch& batch : script.batches()) {
    const std::string& file = script.files().at(batch.epoch);
    const auto header = bookie::DecodeBatchHeader(file, batch.epoch);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->first, next);
    const auto body = std::string_view(file).substr(bookie::kBatchHeaderBytes, header->body_bytes);
    EXPECT_TRUE(bookie::VerifyBody(*header, body));
    EXPECT_FALSE(script.Damaged(batch));
    next += header->records;
  }
  EXPECT_EQ(next, 4U);
}

TEST(JournalScriptTest, KnowsWhatItDamaged) {
  const std::string steps = "\0\0\1\1a\0\0\1\1b\2\1\0\5\x10"s;  // two batches, a flip in the second
  Input in(steps);
  const JournalScript script(in);
  EXPECT_FALSE(script.Damaged(script.batches()[0]));
  EXPECT_TRUE(script.Damaged(script.batches()[1]));
  EXPECT_FALSE(script.foul());
}

TEST(JournalSealTest, MakesABatchVerifyWhateverItSays) {
  std::string batch(bookie::kBatchHeaderBytes + bookie::kJournalRecordBytes, '\0');
  EXPECT_FALSE(bookie::DecodeBatchHeader(batch, 0));
  SealBatch(batch);
  EXPECT_TRUE(bookie::DecodeBatchHeader(batch, 0));
  std::string_view body = std::string_view(batch).substr(bookie::kBatchHeaderBytes);
  EXPECT_TRUE(bookie::TakeRecord(body));
}

}  // namespace
}  // namespace quire::fuzz
