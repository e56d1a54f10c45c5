#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "bookie/offline_rebuild.h"
#include "bookie/offline_segment.h"
#include "bookie/quarantine.h"
#include "common/posix_disk.h"
#include "metadata/cookie.h"
#include "stepped_bookie.h"
#include "tools/disk_rebuild.h"
#include "tools/disk_verify.h"
#include "tools/exit_codes.h"

namespace quire::tools {

// What was deleted by mistake, from the deletion to a bookie that serves it again: a real shard on
// a real directory, whose threads move when the test says so, and the command.
//
// Ledger 1 has entries in segment 1, alone, and in segment 2 beside those of ledger 2.
class DiskUndeleteTest : public bookie::SteppedBookieTest {
 protected:
  static constexpr std::int64_t kEntries = 30;  // of ledger 1; ledger 2 has as many
  static constexpr RebuildOptions kUndelete{
      .yes = true, .skip_gap = false, .undelete = true, .quiet = true};

  void SetUp() override {
    std::ofstream(At("cookie")) << metadata::EncodeCookieFile({.instance = {.high = 5, .low = 6},
                                                               .bookie = {.high = 1, .low = 2},
                                                               .host = "",
                                                               .directory = ""});
    Open();
    Add(1, 0, 20);
    Stop();
    Open();
    Add(1, 20, 10);
    Add(2, 0, 10);
    Stop();
    Open();
    for (std::int64_t id = 10; id < kEntries; ++id) Add(2, id, 1);  // and the journal rolls
    Stop();
    Open();
    shard_->Drop(protocol::LedgerId(1));
    Settle();
    ASSERT_EQ(ReadOne(1, 0), protocol::Code::kNoLedger);
    Kill();
    const auto journal = bookie::ReadReplayable(*common::PosixDisk::Create(At("journal")).value());
    ASSERT_GE(journal->stored, 30U) << "the entries of ledger 1 are in the journal still";
    ASSERT_EQ(journal->tombstones.size(), 1U);
    ASSERT_FALSE(std::filesystem::exists(At("segments/" + bookie::SegmentName(1))));
    ASSERT_TRUE(std::filesystem::exists(Quarantined(1)));
  }

  std::string Quarantined(bookie::SegmentId id) const {
    return At("segments/" + bookie::QuarantineName({.since = now_, .id = id}));
  }

  void FlipLastRecordOfSegment(bookie::SegmentId id) {
    const std::string name = At("segments/" + bookie::SegmentName(id));
    const auto bytes = std::filesystem::file_size(name);
    const auto disk = common::PosixDisk::Create(At("segments")).value();
    const auto file = disk->Open(bookie::SegmentName(id), {}).value();
    const auto footer = bookie::ReadSegmentFooter(*file, id, bytes).value();
    std::fstream stream(name, std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(bookie::kSegmentHeaderBytes + footer.bytes - 1);
    const auto last = stream.seekg(at).get();
    stream.seekp(at).put(static_cast<char>(last ^ 0x40));
    ASSERT_TRUE(stream.good());
  }

  // The deletion is durable in the journal, and no more.
  void DropWithoutFlush(std::int64_t ledger) {
    Open();
    shard_->Drop(protocol::LedgerId(ledger));
    while (worker_->Step()) {
    }
    Kill();
  }

  // All of its entries can be read, and nothing else is said of it.
  void ExpectInLimbo(std::int64_t ledger) {
    for (std::int64_t id = 0; id < kEntries; ++id)
      EXPECT_EQ(ReadOne(ledger, id), protocol::Code::kOk) << id;
    EXPECT_EQ(ReadOne(ledger, kEntries), protocol::Code::kUnknown);
    EXPECT_EQ(AddOne(ledger, kEntries), protocol::Code::kFenced);
  }
  void ExpectWhole(std::int64_t ledger) {
    for (std::int64_t id = 0; id < kEntries; ++id)
      EXPECT_EQ(ReadOne(ledger, id), protocol::Code::kOk) << id;
  }

  // The command; what it prints.
  nlohmann::json Rebuild(const RebuildOptions& options, int status = kExitOk) {
    Session session;
    session.output = OutputForm::kJson;
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(DiskRebuild(session, path_, options), status);
    return nlohmann::json::parse(::testing::internal::GetCapturedStdout(), nullptr, false);
  }
  nlohmann::json Undelete() {
    auto done = Rebuild(kUndelete);
    // Every extent leads to its record, and what is live adds up.
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(DiskVerify(Session(), path_, true), kExitOk);
    const std::string verified = ::testing::internal::GetCapturedStdout();
    EXPECT_FALSE(::testing::Test::HasFailure()) << verified;
    return done;
  }
};

}  // namespace quire::tools
