#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quire::tools {

// What a process has used since it began, as the kernel counts.
struct ProcessUsage {
  double cpu_seconds = 0;           // user and system, all threads
  std::int64_t bytes_written = 0;   // that it caused to go to a disk
  std::int64_t resident_bytes = 0;  // now
  std::int64_t peak_bytes = 0;      // the most that were resident
};

// nullopt: there is no such process, or it may not be looked at.
std::optional<ProcessUsage> UsageOf(pid_t pid);

struct NamedProcess {
  std::string name;
  pid_t pid = 0;
};

// What each process used between two looks; without those that ended.
struct ProcessShare {
  NamedProcess process;
  ProcessUsage used;  // memory: at the second look
};

class ProcessWatch {
 public:
  explicit ProcessWatch(std::vector<NamedProcess> processes);

  // Forgets what was used until now.
  void Begin();
  std::vector<ProcessShare> Shares() const;

 private:
  const std::vector<NamedProcess> processes_;
  std::vector<std::optional<ProcessUsage>> first_;
};

}  // namespace quire::tools
