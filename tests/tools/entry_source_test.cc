#include "tools/entry_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vector>

#include "protocol/limits.h"

namespace quire::tools {
namespace {

using ::testing::ElementsAre;

// A pipe with some bytes in it.
class Pipe {
 public:
  explicit Pipe(const std::string& bytes) {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    ::fcntl(ends_[1], F_SETPIPE_SZ, 1 << 20);
    Write(bytes);
  }
  ~Pipe() {
    ::close(ends_[0]);
    End();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void Write(const std::string& bytes) {
    EXPECT_EQ(::write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void End() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  int fd() const { return ends_[0]; }

 private:
  int ends_[2] = {-1, -1};
};

std::vector<std::string> All(EntrySource& source) {
  std::vector<std::string> entries;
  for (auto entry = source.Next(); entry && *entry; entry = source.Next()) {
    entries.emplace_back(**entry);
  }
  return entries;
}

TEST(EntrySourceTest, CutsLinesAndKeepsEmptyOnesAndAnUnfinishedLast) {
  Pipe pipe("one\n\nthree\nlast");
  pipe.End();
  EntrySource source(pipe.fd(), -1, {.lines = true});
  EXPECT_THAT(All(source), ElementsAre("one", "", "three", "last"));
}

TEST(EntrySourceTest, EndsWithoutAnExtraEntryAfterALastNewline) {
  Pipe pipe("one\n");
  pipe.End();
  EntrySource source(pipe.fd(), -1, {.lines = true});
  EXPECT_THAT(All(source), ElementsAre("one"));
}

TEST(EntrySourceTest, CutsBySizeWithAShorterLast) {
  Pipe pipe(std::string("abc\0efgh", 8));
  pipe.End();
  EntrySource source(pipe.fd(), -1, {.lines = false, .entry_bytes = 3});
  EXPECT_THAT(All(source), ElementsAre("abc", std::string("\0ef", 3), "gh"));
}

TEST(EntrySourceTest, GivesNothingForEmptyInput) {
  Pipe pipe("");
  pipe.End();
  EntrySource source(pipe.fd(), -1, {.lines = false, .entry_bytes = 3});
  EXPECT_THAT(All(source), ElementsAre());
}

TEST(EntrySourceTest, DoesNotHoldBackALineWhileTheStreamIsSilent) {
  Pipe pipe("one\ntw");
  EntrySource source(pipe.fd(), -1, {.lines = true});
  EXPECT_EQ(**source.Next(), "one");
  pipe.Write("o\n");
  EXPECT_EQ(**source.Next(), "two");
}

TEST(EntrySourceTest, RefusesALineOverTheLimitAfterTheLinesBeforeIt) {
  std::FILE* file = std::tmpfile();
  const std::string text = "short\n" + std::string(protocol::kMaxPayloadBytes + 1, 'x') + "\n";
  ASSERT_EQ(::pwrite(::fileno(file), text.data(), text.size(), 0),
            static_cast<ssize_t>(text.size()));
  EntrySource source(::fileno(file), -1, {.lines = true});
  EXPECT_EQ(**source.Next(), "short");
  const auto refused = source.Next();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), common::Errc::kEntryTooLarge);
  EXPECT_THAT(refused.error().ToString(), ::testing::HasSubstr("line 2"));
  std::fclose(file);
}

TEST(EntrySourceTest, TakesALineOfExactlyTheLimit) {
  std::FILE* file = std::tmpfile();
  const std::string text = std::string(protocol::kMaxPayloadBytes, 'x') + "\nnext\n";
  ASSERT_EQ(::pwrite(::fileno(file), text.data(), text.size(), 0),
            static_cast<ssize_t>(text.size()));
  EntrySource source(::fileno(file), -1, {.lines = true});
  EXPECT_EQ((*source.Next())->size(), protocol::kMaxPayloadBytes);
  EXPECT_EQ(**source.Next(), "next");
  std::fclose(file);
}

TEST(EntrySourceTest, StopsWaitingWhenItIsWoken) {
  Pipe pipe("one\n");
  const int wake = ::eventfd(1, EFD_CLOEXEC);
  EntrySource source(pipe.fd(), wake, {.lines = true});
  EXPECT_EQ(*source.Next(), std::nullopt);  // input is there, but the wake comes first
  ::close(wake);
}

}  // namespace
}  // namespace quire::tools
