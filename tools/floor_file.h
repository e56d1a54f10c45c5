#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error.h"

namespace quire::tools {

// A file as floors are measured with: written in full once, if it is to be, then written again
// from its beginning, round and round. It goes with this object. One thread.
class FloorFile {
 public:
  enum class Mode {
    kGrowing,         // appended to, then fdatasync
    kRecycled,        // written before, through the page cache, then fdatasync
    kDirect,          // written before, O_DIRECT and O_DSYNC
    kDirectUnsynced,  // written before, O_DIRECT only
  };

  static common::Result<FloorFile> Create(const std::string& path, Mode mode);
  ~FloorFile();
  FloorFile(FloorFile&& other) noexcept;
  FloorFile& operator=(FloorFile&&) = delete;

  // Writes at the next place and returns when it is as durable as the mode says. The direct modes
  // want whole blocks of aligned memory.
  common::Result<void> Write(std::string_view bytes);

 private:
  FloorFile(std::string path, Mode mode, int fd) : path_(std::move(path)), mode_(mode), fd_(fd) {}
  common::Result<void> WriteBefore();

  const std::string path_;
  const Mode mode_;
  int fd_;
  std::uint64_t offset_ = 0;
};

}  // namespace quire::tools
