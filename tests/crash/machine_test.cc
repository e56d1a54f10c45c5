#include "tests/crash/machine.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <memory>
#include <set>
#include <string>

namespace quire::crash {
namespace {

std::unique_ptr<common::File> MakeFile(testing::SimDisk& disk, std::string_view name) {
  auto file = disk.Open(name, {.create = true});
  EXPECT_TRUE(file && disk.SyncDirectory());
  return std::move(*file);
}

TEST(MachineTest, AllDisksLosePowerTogether) {
  Machine machine;
  const auto journal = MakeFile(machine.journal(), "j");
  const auto segment = MakeFile(machine.segments(), "s");
  machine.CutAfter(1);
  EXPECT_TRUE(journal->Write(0, "one"));
  EXPECT_TRUE(machine.powered());
  EXPECT_FALSE(segment->Write(0, "two"));
  EXPECT_FALSE(machine.powered());
  EXPECT_EQ(machine.last_change(), "segments: write s 0+3");
  const auto changes = machine.changes();
  EXPECT_FALSE(journal->Write(3, "three"));
  EXPECT_EQ(machine.changes(), changes);
  common::Random random(1);
  machine.Crash(random);
  EXPECT_TRUE(machine.powered());
  EXPECT_TRUE(machine.journal().Open("j", {}));
}

TEST(MachineTest, ACopyForgetsWhatTheOriginalWouldForget) {
  Machine machine;
  const auto file = MakeFile(machine.journal(), "j");
  ASSERT_TRUE(file->Write(0, "durable") && file->Sync());
  ASSERT_TRUE(file->Write(0, "pending"));
  ASSERT_TRUE(machine.journal().Rename("j", "k"));
  std::set<std::string> left;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Machine copy;
    copy.CopyFrom(machine);
    EXPECT_EQ(copy.journal().Contents("k"), "pending");
    common::Random random(seed);
    copy.Crash(random);
    left.insert("j " + copy.journal().Contents("j") + ", k " + copy.journal().Contents("k"));
  }
  EXPECT_EQ(left, (std::set<std::string>{"j durable, k ", "j pending, k ", "j , k durable",
                                         "j , k pending"}));
  EXPECT_EQ(machine.journal().Contents("k"), "pending");
}

TEST(MachineTest, WhatIsOnlyAppendedToKeepsAFirstPart) {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Machine machine;
    const auto file = MakeFile(machine.index(), "m");
    ASSERT_TRUE(file->Write(0, "ab") && file->Write(2, "cd") && file->Write(4, "ef"));
    common::Random random(seed);
    machine.Crash(random);
    const std::string left = machine.index().Contents("m");
    EXPECT_TRUE(std::string_view("abcdef").starts_with(left)) << left;
    sizes.insert(left.size());
  }
  EXPECT_EQ(sizes.size(), 7U);
}

rocksdb::Options IndexOptions(Machine& machine) {
  rocksdb::Options options;
  options.env = &machine.env();
  options.create_if_missing = true;
  return options;
}

std::unique_ptr<rocksdb::DB> OpenIndex(Machine& machine) {
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(IndexOptions(machine), "/index", &db);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return std::unique_ptr<rocksdb::DB>(db);
}

void Put(rocksdb::DB& db, const std::string& key, bool flush) {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  ASSERT_TRUE(db.Put(options, key, "value").ok());
  if (flush) ASSERT_TRUE(db.Flush(rocksdb::FlushOptions()).ok());
}

bool Has(rocksdb::DB& db, const std::string& key) {
  std::string value;
  return db.Get(rocksdb::ReadOptions(), key, &value).ok();
}

TEST(MachineTest, TheIndexKeepsWhatItFlushedAndNothingElse) {
  Machine machine;
  {
    const auto db = OpenIndex(machine);
    Put(*db, "kept", true);
    Put(*db, "lost", false);
    machine.env().Settle();
    rocksdb::DB* second = nullptr;
    EXPECT_FALSE(rocksdb::DB::Open(IndexOptions(machine), "/index", &second).ok());
    machine.CutAfter(0);
    EXPECT_FALSE(db->Flush(rocksdb::FlushOptions()).ok());
  }
  common::Random random(7);
  machine.Crash(random);
  const auto db = OpenIndex(machine);
  EXPECT_TRUE(Has(*db, "kept"));
  EXPECT_FALSE(Has(*db, "lost"));
}

TEST(MachineTest, TheIndexCompactsWhenItIsAskedTo) {
  Machine machine;
  const auto db = OpenIndex(machine);
  for (int i = 0; i < 4; ++i) Put(*db, std::to_string(i), true);
  machine.env().Settle();
  ASSERT_TRUE(machine.env().can_compact());
  const auto before = machine.changes();
  machine.env().Settle();
  EXPECT_EQ(machine.changes(), before);
  EXPECT_TRUE(machine.env().Compact());
  EXPECT_GT(machine.changes(), before);
  EXPECT_FALSE(machine.env().can_compact());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Has(*db, std::to_string(i)));
}

}  // namespace
}  // namespace quire::crash
