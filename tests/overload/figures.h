#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "common/loop.h"

namespace quire::overload {

// Latencies of one phase, to be printed. One thread.
class Latencies {
 public:
  void Add(common::Duration took) { all_.push_back(took); }
  std::size_t size() const { return all_.size(); }
  void Clear() { all_.clear(); }

  // In milliseconds, of the fraction that is not slower.
  double At(double fraction) {
    if (all_.empty()) return 0;
    const auto place = static_cast<std::size_t>(fraction * static_cast<double>(all_.size() - 1));
    const auto nth = all_.begin() + static_cast<std::ptrdiff_t>(place);
    std::ranges::nth_element(all_, nth);
    return std::chrono::duration<double, std::milli>(*nth).count();
  }

 private:
  std::vector<common::Duration> all_;
};

// The most memory that the process ever had resident; 0: it is gone.
inline double HighWaterMbOf(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

}  // namespace quire::overload
