#include "bookie/descriptors.h"

#include <sys/resource.h>

#include <cerrno>
#include <string>

namespace quire::bookie {

common::Result<void> EnsureDescriptors(std::size_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return common::FailErrno(errno, "ask for the limit of open files", "RLIMIT_NOFILE");
  }
  if (limit.rlim_cur >= count) return {};
  if (limit.rlim_max < count) {
    return common::Fail(common::Errc::kInvalidArgument,
                        "this process may open " + std::to_string(limit.rlim_max) +
                            " files, and its connections and directories need " +
                            std::to_string(count) +
                            ": raise the hard limit (ulimit -Hn, LimitNOFILE=), or give it less "
                            "memory, which lowers the number of connections");
  }
  limit.rlim_cur = count;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return common::FailErrno(errno, "raise the limit of open files", "RLIMIT_NOFILE");
  }
  return {};
}

}  // namespace quire::bookie
