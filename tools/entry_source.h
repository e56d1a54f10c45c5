#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"

namespace quire::tools {

// Cuts a stream of bytes (a file descriptor) into entries: one per line, or of a fixed size with a
// shorter last one. What has been read is given out before the next read, so that entries of a slow
// stream are not held back. One thread.
class EntrySource {
 public:
  struct Options {
    bool lines = false;
    std::size_t entry_bytes = 64 * 1024;  // without `lines`
  };

  // `wake`: a descriptor that ends the wait for input when it becomes readable; -1: none.
  EntrySource(int fd, int wake, Options options);

  // The next entry; valid until the next call. nullopt at the end of the input, and when `wake` was
  // used. Errors: kEntryTooLarge for a line over the limit, kIo.
  common::Result<std::optional<std::string_view>> Next();

 private:
  std::optional<std::string_view> Cut();
  common::Result<bool> ReadMore();  // false: woken

  const int fd_;
  const int wake_;
  const Options options_;
  std::string buffer_;  // bytes that were read; those before begin_ were given out
  std::size_t begin_ = 0;
  std::size_t searched_ = 0;  // no newline in [begin_, searched_)
  bool end_ = false;
  std::int64_t lines_ = 0;  // given out
};

}  // namespace quire::tools
