#include "tools/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace quire::tools {
namespace {

std::string ReadProc(pid_t pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The number after "key" and spaces at the beginning of a line; 0 when it is not there.
std::int64_t Field(const std::string& text, const std::string& key) {
  const auto at = ("\n" + text).find("\n" + key);
  if (at == std::string::npos) return 0;
  return std::strtoll(text.c_str() + at + key.size(), nullptr, 10);
}

}  // namespace

std::optional<ProcessUsage> UsageOf(pid_t pid) {
  const std::string stat = ReadProc(pid, "stat");
  const auto end_of_name = stat.rfind(')');  // the name may contain anything
  if (end_of_name == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(end_of_name + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;  // proc(5): utime is field 14
  std::int64_t user = 0;
  std::int64_t system = 0;
  if (!(fields >> user >> system)) return std::nullopt;
  const std::string io = ReadProc(pid, "io");
  const std::string status = ReadProc(pid, "status");
  constexpr std::int64_t kKilo = 1024;
  return ProcessUsage{
      .cpu_seconds =
          static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)),
      .bytes_written = Field(io, "write_bytes:") - Field(io, "cancelled_write_bytes:"),
      .resident_bytes = Field(status, "VmRSS:") * kKilo,
      .peak_bytes = Field(status, "VmHWM:") * kKilo};
}

ProcessWatch::ProcessWatch(std::vector<NamedProcess> processes) : processes_(std::move(processes)) {
  Begin();
}

void ProcessWatch::Begin() {
  first_.clear();
  for (const NamedProcess& process : processes_) first_.push_back(UsageOf(process.pid));
}

std::vector<ProcessShare> ProcessWatch::Shares() const {
  std::vector<ProcessShare> shares;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    auto now = UsageOf(processes_[i].pid);
    if (!now || !first_[i]) continue;
    now->cpu_seconds -= first_[i]->cpu_seconds;
    now->bytes_written -= first_[i]->bytes_written;
    shares.push_back({.process = processes_[i], .used = *now});
  }
  return shares;
}

}  // namespace quire::tools
