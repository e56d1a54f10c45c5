#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/forwarding_disk.h"
#include "common/loop.h"
#include "common/posix_disk.h"
#include "common/worker.h"

namespace quire::common {

// A real directory in which RemoveGradually frees a large file piece by piece, on a thread of its
// own. To free gigabytes at once keeps a file system and its disk busy for a second and more, above
// all where it tells the disk what it does not need any more (mount option discard), and synced
// writes beside it wait for all of that.
//
// The file gets another name at once and is not listed any more; what a stop or a crash leaves of
// it goes after the next start. Whoever has it open finds it shorter and shorter. A file that
// another name leads to as well (a backup made of hard links) is only unlinked, and so is any when
// room is short. Thread-safe.
class GradualDisk final : public ForwardingDisk {
 public:
  struct Options {
    std::uint64_t plenty_bytes = 0;                 // with less than this free there are no pauses
    std::uint64_t piece_bytes = 4 << 20;            // freed in one go
    Duration pause = std::chrono::milliseconds(8);  // between two pieces
  };

  // Goes on with what is there from earlier lives. Errors: the directory cannot be listed.
  static Result<std::unique_ptr<GradualDisk>> Create(std::unique_ptr<PosixDisk> disk,
                                                     const Options& options);
  // Leaves what is not removed yet to the next start.
  ~GradualDisk() override;
  GradualDisk(const GradualDisk&) = delete;
  GradualDisk& operator=(const GradualDisk&) = delete;

  Result<void> RemoveGradually(std::string_view name) override;
  Result<std::vector<std::string>> List() const override;

 private:
  GradualDisk(std::unique_ptr<PosixDisk> disk, const Options& options);
  bool RoomIsShort() const;
  std::string Path(std::string_view name) const;
  // `doomed` is the name that it has now.
  void EraseLater(const std::string& doomed);
  void Erase(const std::string& doomed);
  bool Stopping();
  void Pause();

  const std::unique_ptr<PosixDisk> disk_;
  const Options options_;

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_
  ThreadWorker eraser_{"erase"};
};

}  // namespace quire::common
