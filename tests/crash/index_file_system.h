#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <mutex>
#include <string>

#include "tests/support/sim_disk.h"

namespace quire::crash {

// The files of the RocksDB index on a simulated disk, so that the index forgets in a crash what it
// did not sync, like the journal and the segments beside it. Modelled:
//
//   * each append is a write of the disk and may be lost until its file is synced: of what was
//     appended since, a first part survives, up to any byte. (RocksDB takes a manifest that ends in
//     half a record, and refuses one with a hole in it. File systems that write data before the
//     size leave no holes.)
//   * creations, renames and removals may be lost, the last ones first, until the directory is
//     synced; a synced file without its name is gone;
//   * each of these is a change of the disk: it may fail, or the power may go before it or in it.
//
// Not modelled: memory maps, direct I/O, links, writing at an offset; RocksDB does not use them
// here. Its information log is discarded, no restart reads it. One flat directory. Any thread.
class IndexFileSystem final : public rocksdb::FileSystem {
 public:
  using IOOptions = rocksdb::IOOptions;
  using IODebugContext = rocksdb::IODebugContext;
  using FileOptions = rocksdb::FileOptions;
  using IOStatus = rocksdb::IOStatus;
  template <typename File>
  using Made = std::unique_ptr<File>*;

  explicit IndexFileSystem(testing::SimDisk& disk) : disk_(disk) {}

  const char* Name() const override { return "IndexFileSystem"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             Made<rocksdb::FSSequentialFile> made, IODebugContext*) override;
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               Made<rocksdb::FSRandomAccessFile> made, IODebugContext*) override;
  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           Made<rocksdb::FSWritableFile> made, IODebugContext*) override;
  IOStatus NewDirectory(const std::string& path, const IOOptions&, Made<rocksdb::FSDirectory> made,
                        IODebugContext*) override;
  IOStatus NewLogger(const std::string& path, const IOOptions&,
                     std::shared_ptr<rocksdb::Logger>* made, IODebugContext*) override;

  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override;
  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* names,
                       IODebugContext*) override;
  IOStatus GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* bytes,
                       IODebugContext*) override;
  IOStatus GetFileModificationTime(const std::string& path, const IOOptions&, std::uint64_t* time,
                                   IODebugContext*) override;
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is,
                       IODebugContext*) override;
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute,
                           IODebugContext*) override;
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override;

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override;
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override;
  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override;
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override;
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override;

  // Two processes on one index would be a mistake of the test.
  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override;
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override;

 private:
  friend class IndexReader;
  friend class IndexWriter;
  friend class IndexDirectory;

  bool Has(const std::string& name) const;

  std::mutex mutex_;  // guards all below
  testing::SimDisk& disk_;
  bool locked_ = false;
};

}  // namespace quire::crash
