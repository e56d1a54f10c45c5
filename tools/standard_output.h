#pragma once

#include <string_view>

namespace quire::tools {

// Standard output of a process that ignores SIGPIPE. Any thread, one at a time.
class StandardOutput {
 public:
  // Writes all of it before it returns. False: nobody reads any more, or the write failed (then a
  // line has said why); every later call is false too.
  bool Write(std::string_view bytes);

  // True when the reader of the pipe has gone, found out without writing.
  bool Broken();

  // The exit status of a command that ended because of it: a reader that has had enough is not an
  // error, a full disk is.
  int ExitStatus() const;

 private:
  bool broken_ = false;
  bool failed_ = false;
};

// Prints a command's whole answer; returns its exit status.
int Print(std::string_view text);

}  // namespace quire::tools
