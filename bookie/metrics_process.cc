#include "bookie/metrics_process.h"

#include <unistd.h>

#include <fstream>

namespace quire::bookie {

std::string_view ProcessFacts::version() {
  return QUIRE_VERSION;
}

double ProcessFacts::start_seconds() const {
  return std::chrono::duration<double>(started_at_.time_since_epoch()).count();
}

double ProcessFacts::uptime_seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

std::uint64_t ProcessFacts::resident_bytes() {
  std::uint64_t size_pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> size_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace quire::bookie
