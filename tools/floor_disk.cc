#include "tools/floor_disk.h"

#include <chrono>
#include <cstring>

#include "common/aligned_buffer.h"

namespace quire::tools {

using common::Fail;
using common::Result;

namespace {

using Clock = std::chrono::steady_clock;

Result<DiskFloor> MeasureWrites(FloorFile& file, std::int64_t bytes, double seconds) {
  common::AlignedBuffer buffer;
  const auto size = static_cast<std::size_t>(bytes);
  std::memset(buffer.Extend(size), 'w', size);
  DiskFloor floor{.method = "", .bytes = bytes, .writes_per_second = 0, .nanoseconds = {}};
  const auto begin = Clock::now();
  auto now = begin;
  while (std::chrono::duration<double>(now - begin).count() < seconds) {
    const auto then = now;
    QUIRE_TRY(file.Write(buffer.view()));
    now = Clock::now();
    floor.nanoseconds.Record(static_cast<std::uint64_t>((now - then).count()));
  }
  floor.writes_per_second = static_cast<double>(floor.nanoseconds.count()) /
                            std::chrono::duration<double>(now - begin).count();
  return floor;
}

}  // namespace

Result<std::vector<DiskFloor>> MeasureDisk(const std::string& directory, double seconds) {
  std::vector<DiskFloor> floors;
  for (const auto& [method, mode] : {std::pair{"growing", FloorFile::Mode::kGrowing},
                                     {"recycled", FloorFile::Mode::kRecycled},
                                     {"direct", FloorFile::Mode::kDirect}}) {
    for (const std::int64_t kilobytes : {4, 16, 64, 256, 1024}) {
      auto file = FloorFile::Create(directory + "/floor-file", mode);
      if (!file) return Fail(std::move(file).error());
      auto floor = MeasureWrites(*file, kilobytes << 10, seconds);
      if (!floor) return Fail(std::move(floor).error());
      floor->method = method;
      floors.push_back(*std::move(floor));
    }
  }
  return floors;
}

}  // namespace quire::tools
