#include "tools/process_usage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>

#include "common/aligned_buffer.h"
#include "tests/support/process.h"

namespace quire::tools {
namespace {

double CpuSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

TEST(ProcessUsageTest, CountsTheProcessorTimeOfThisProcess) {
  ProcessWatch watch({{.name = "me", .pid = ::getpid()}});
  const double begin = CpuSeconds();
  while (CpuSeconds() - begin < 0.2) {
  }
  const auto shares = watch.Shares();
  const double used = CpuSeconds() - begin;
  ASSERT_EQ(shares.size(), 1U);
  EXPECT_EQ(shares.front().process.name, "me");
  EXPECT_GT(shares.front().used.cpu_seconds, 0.15);  // the kernel counts in hundredths
  EXPECT_LT(shares.front().used.cpu_seconds, used + 0.05);
  EXPECT_GT(shares.front().used.resident_bytes, 100'000);
  EXPECT_GE(shares.front().used.peak_bytes, shares.front().used.resident_bytes / 2);
}

TEST(ProcessUsageTest, CountsWhatIsWrittenToFiles) {
  const testing::ScratchDirectory scratch;
  ProcessWatch watch({{.name = "me", .pid = ::getpid()}});
  const int fd = ::open((scratch.path() + "/file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0);
  const std::string bytes(1 << 20, 'x');
  for (int i = 0; i < 4; ++i) ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), 1 << 20);
  ASSERT_EQ(::fsync(fd), 0);
  const auto shares = watch.Shares();
  ::close(fd);
  ASSERT_EQ(shares.size(), 1U);
  if (shares.front().used.bytes_written == 0) GTEST_SKIP() << "files in memory, or no accounting";
  EXPECT_GE(shares.front().used.bytes_written, 4 << 20);
  EXPECT_LT(shares.front().used.bytes_written, 8 << 20);
}

TEST(ProcessUsageTest, LeavesOutAProcessThatEnded) {
  testing::Process process({"sleep", "60"});
  const ProcessWatch watch({{.name = "it", .pid = process.pid()}});
  EXPECT_EQ(watch.Shares().size(), 1U);
  process.Signal(SIGKILL);
  process.Wait();
  EXPECT_EQ(watch.Shares().size(), 0U);
}

}  // namespace
}  // namespace quire::tools
