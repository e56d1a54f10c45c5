#include "tests/crash/index_file_system.h"

#include <rocksdb/env.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace quire::crash {

using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

std::string Base(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

IOStatus ToStatus(const common::Error& error) {
  if (error.code() == common::Errc::kDiskFull) return IOStatus::NoSpace(error.ToString());
  return IOStatus::IOError(error.ToString());
}

template <typename T>
IOStatus ToStatus(const common::Result<T>& result) {
  return result ? IOStatus::OK() : ToStatus(result.error());
}

class NoLogger final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

class Lock final : public rocksdb::FileLock {};

}  // namespace

class IndexReader final : public rocksdb::FSSequentialFile, public rocksdb::FSRandomAccessFile {
 public:
  IndexReader(IndexFileSystem& system, std::unique_ptr<common::File> file)
      : system_(system), file_(std::move(file)) {}

  IOStatus Read(std::size_t bytes, const rocksdb::IOOptions& options, Slice* result, char* scratch,
                rocksdb::IODebugContext* debug) override {
    IOStatus status = Read(position_, bytes, options, result, scratch, debug);
    if (status.ok()) position_ += result->size();
    return status;
  }
  IOStatus Skip(std::uint64_t bytes) override {
    position_ += bytes;
    return IOStatus::OK();
  }
  IOStatus Read(std::uint64_t offset, std::size_t bytes, const rocksdb::IOOptions&, Slice* result,
                char* scratch, rocksdb::IODebugContext*) const override {
    const std::lock_guard lock(system_.mutex_);
    const auto got = file_->Read(offset, std::span<char>(scratch, bytes));
    if (!got) return ToStatus(got.error());
    *result = Slice(scratch, *got);
    return IOStatus::OK();
  }
  IOStatus InvalidateCache(std::size_t, std::size_t) override { return IOStatus::OK(); }
  bool use_direct_io() const override { return false; }
  std::size_t GetRequiredBufferAlignment() const override { return 1; }
  rocksdb::Temperature GetTemperature() const override { return rocksdb::Temperature::kUnknown; }

 private:
  IndexFileSystem& system_;
  const std::unique_ptr<common::File> file_;
  std::uint64_t position_ = 0;
};

class IndexWriter final : public rocksdb::FSWritableFile {
 public:
  using FSWritableFile::Append;

  IndexWriter(IndexFileSystem& system, std::unique_ptr<common::File> file)
      : system_(system), file_(std::move(file)) {}

  IOStatus Append(const Slice& data, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    if (data.empty()) return IOStatus::OK();
    const std::lock_guard lock(system_.mutex_);
    const auto written = file_->Write(size_, std::string_view(data.data(), data.size()));
    if (written) size_ += data.size();
    return ToStatus(written);
  }
  IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::lock_guard lock(system_.mutex_);
    return ToStatus(file_->Sync());
  }
  IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::OK();
  }
  std::uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return size_;
  }

 private:
  IndexFileSystem& system_;
  const std::unique_ptr<common::File> file_;
  std::uint64_t size_ = 0;
};

class IndexDirectory final : public rocksdb::FSDirectory {
 public:
  explicit IndexDirectory(IndexFileSystem& system) : system_(system) {}
  IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::lock_guard lock(system_.mutex_);
    return ToStatus(system_.disk_.SyncDirectory());
  }
  IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  IndexFileSystem& system_;
};

bool IndexFileSystem::Has(const std::string& name) const {
  const auto names = disk_.List();
  return names && std::ranges::binary_search(*names, name);
}

IOStatus IndexFileSystem::NewSequentialFile(const std::string& path, const FileOptions&,
                                            Made<rocksdb::FSSequentialFile> made, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  auto file = disk_.Open(Base(path), {});
  if (!file) return IOStatus::PathNotFound(path);
  *made = std::make_unique<IndexReader>(*this, std::move(*file));
  return IOStatus::OK();
}

IOStatus IndexFileSystem::NewRandomAccessFile(const std::string& path, const FileOptions&,
                                              Made<rocksdb::FSRandomAccessFile> made,
                                              IODebugContext*) {
  const std::lock_guard lock(mutex_);
  auto file = disk_.Open(Base(path), {});
  if (!file) return IOStatus::PathNotFound(path);
  *made = std::make_unique<IndexReader>(*this, std::move(*file));
  return IOStatus::OK();
}

IOStatus IndexFileSystem::NewWritableFile(const std::string& path, const FileOptions&,
                                          Made<rocksdb::FSWritableFile> made, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  const std::string name = Base(path);
  // A crash may have left one of that name; it is begun anew.
  if (Has(name)) {
    if (auto removed = disk_.Remove(name); !removed) return ToStatus(removed);
  }
  auto file = disk_.Open(name, {.create = true});
  if (!file) return ToStatus(file.error());
  *made = std::make_unique<IndexWriter>(*this, std::move(*file));
  return IOStatus::OK();
}

IOStatus IndexFileSystem::NewDirectory(const std::string&, const IOOptions&,
                                       Made<rocksdb::FSDirectory> made, IODebugContext*) {
  *made = std::make_unique<IndexDirectory>(*this);
  return IOStatus::OK();
}

IOStatus IndexFileSystem::NewLogger(const std::string&, const IOOptions&,
                                    std::shared_ptr<rocksdb::Logger>* made, IODebugContext*) {
  *made = std::make_shared<NoLogger>();
  return IOStatus::OK();
}

IOStatus IndexFileSystem::FileExists(const std::string& path, const IOOptions&, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  return Has(Base(path)) ? IOStatus::OK() : IOStatus::NotFound(path);
}

IOStatus IndexFileSystem::GetChildren(const std::string&, const IOOptions&,
                                      std::vector<std::string>* names, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  auto list = disk_.List();
  if (!list) return ToStatus(list.error());
  *names = std::move(*list);
  return IOStatus::OK();
}

IOStatus IndexFileSystem::GetFileSize(const std::string& path, const IOOptions&,
                                      std::uint64_t* bytes, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  auto file = disk_.Open(Base(path), {});
  if (!file) return IOStatus::PathNotFound(path);
  const auto size = (*file)->Size();
  if (!size) return ToStatus(size.error());
  *bytes = *size;
  return IOStatus::OK();
}

IOStatus IndexFileSystem::GetFileModificationTime(const std::string&, const IOOptions&,
                                                  std::uint64_t* time, IODebugContext*) {
  *time = 0;
  return IOStatus::OK();
}

IOStatus IndexFileSystem::IsDirectory(const std::string& path, const IOOptions&, bool* is,
                                      IODebugContext*) {
  const std::lock_guard lock(mutex_);
  *is = !Has(Base(path));
  return IOStatus::OK();
}

IOStatus IndexFileSystem::GetAbsolutePath(const std::string& path, const IOOptions&,
                                          std::string* absolute, IODebugContext*) {
  *absolute = path;
  return IOStatus::OK();
}

IOStatus IndexFileSystem::GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) {
  *path = "/";
  return IOStatus::OK();
}

IOStatus IndexFileSystem::RenameFile(const std::string& from, const std::string& to,
                                     const IOOptions&, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  return ToStatus(disk_.Rename(Base(from), Base(to)));
}

IOStatus IndexFileSystem::DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  if (disk_.powered() && !Has(Base(path))) return IOStatus::PathNotFound(path);
  return ToStatus(disk_.Remove(Base(path)));
}

// The one directory is always there.
IOStatus IndexFileSystem::CreateDir(const std::string&, const IOOptions&, IODebugContext*) {
  return IOStatus::OK();
}
IOStatus IndexFileSystem::CreateDirIfMissing(const std::string&, const IOOptions&,
                                             IODebugContext*) {
  return IOStatus::OK();
}
IOStatus IndexFileSystem::DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) {
  return IOStatus::NotSupported(path);
}

IOStatus IndexFileSystem::LockFile(const std::string& path, const IOOptions&,
                                   rocksdb::FileLock** lock, IODebugContext*) {
  const std::lock_guard guard(mutex_);
  if (std::exchange(locked_, true)) return IOStatus::IOError(path, "held by another process");
  *lock = new Lock;
  return IOStatus::OK();
}

IOStatus IndexFileSystem::UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) {
  const std::lock_guard guard(mutex_);
  delete static_cast<Lock*>(lock);
  locked_ = false;
  return IOStatus::OK();
}

}  // namespace quire::crash
