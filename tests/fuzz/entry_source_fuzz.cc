// Standard input cut into entries. Input: a u16, 0 for lines, else the size of an entry; then what
// comes in.

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "common/check.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tools/entry_source.h"

namespace quire::fuzz {
namespace {

// A file in memory that holds the bytes, read from its beginning.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(::memfd_create("input", MFD_CLOEXEC)) {
    QUIRE_CHECK(fd_ >= 0);
    QUIRE_CHECK(::write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    QUIRE_CHECK(::lseek(fd_, 0, SEEK_SET) == 0);
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace

// Entries put together again are the input: with a newline behind each line but, perhaps, the last.
void Run(std::string_view input) {
  Input in(input);
  const std::size_t size = in.Number<std::uint16_t>();
  const bool lines = size == 0;
  const std::string_view stream = in.rest();
  const MemoryFile file(stream);
  tools::EntrySource source(file.fd(), -1, {.lines = lines, .entry_bytes = size});
  std::string joined;
  for (;;) {
    const auto entry = source.Next();
    QUIRE_CHECK(entry.has_value());
    if (!*entry) break;
    if (lines) {
      QUIRE_CHECK((*entry)->find('\n') == std::string_view::npos);
    } else {
      QUIRE_CHECK(!(*entry)->empty() && (*entry)->size() <= size);
      QUIRE_CHECK((*entry)->size() == size || joined.size() + (*entry)->size() == stream.size());
    }
    joined += **entry;
    if (lines) joined += '\n';
  }
  if (lines && !stream.ends_with('\n') && !stream.empty()) joined.pop_back();
  QUIRE_CHECK(joined == stream);
}

}  // namespace quire::fuzz
