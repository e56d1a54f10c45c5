#include "metadata/bookie_directory.h"

#include <iterator>
#include <utility>

#include "metadata/registry.h"

namespace quire::metadata {

using common::Errc;
using common::Fail;
using common::Result;

BookieDirectory::BookieDirectory(common::Loop& loop, MetadataStore& store)
    : loop_(loop), store_(store) {}

BookieDirectory::~BookieDirectory() {
  if (retry_ != 0) loop_.Cancel(retry_);
  for (Waiters* waiters : {&start_, &reading_for_, &next_for_}) {
    for (auto& done : *waiters) {
      loop_.Post([done = std::move(done)]() mutable {
        done(Fail(Errc::kShutdown, "the bookie directory was closed"));
      });
    }
  }
}

void BookieDirectory::Start(MetadataStore::Done done) {
  start_.push_back(std::move(done));
  session_watch_ = store_.OnSession(lifetime_.WhileAlive([this](SessionEvent event) {
    if (event != SessionEvent::kDisconnected) Read();
  }));
  Read();
}

void BookieDirectory::Refresh(MetadataStore::Done done) {
  next_for_.push_back(std::move(done));
  Read();
}

std::string BookieDirectory::AddressOf(protocol::BookieId bookie) const {
  const auto address = addresses_.find(bookie);
  return address == addresses_.end() ? "" : address->second;
}

void BookieDirectory::Read() {
  if (reading_) {
    again_ = true;
    return;
  }
  if (retry_ != 0) loop_.Cancel(std::exchange(retry_, 0));
  reading_ = true;
  again_ = false;
  reading_for_ = std::exchange(next_for_, {});
  // Watch first, read second: what changes from here on is told.
  const auto changed = [this] { Read(); };
  writable_watch_ =
      store_.WatchChildren(std::string(RegistrationDirectory(true)), lifetime_.WhileAlive(changed));
  readonly_watch_ = store_.WatchChildren(std::string(RegistrationDirectory(false)),
                                         lifetime_.WhileAlive(changed));
  ListBookies(store_, lifetime_.WhileAlive(
                          [this](Result<std::vector<BookieInfo>> read) { Got(std::move(read)); }));
}

void BookieDirectory::Got(Result<std::vector<BookieInfo>> read) {
  reading_ = false;
  Waiters waiters = std::exchange(reading_for_, {});
  Result<void> result;
  if (read) {
    backoff_.Reset();
    bookies_ = *std::move(read);
    for (const BookieInfo& info : bookies_) addresses_.insert_or_assign(info.bookie, info.address);
    waiters.insert(waiters.end(), std::make_move_iterator(start_.begin()),
                   std::make_move_iterator(start_.end()));
    start_.clear();
  } else {
    result = Fail(std::move(read).error());
  }
  if (again_) {
    Read();
  } else if (!result) {
    retry_ = loop_.After(backoff_.Next(), lifetime_.WhileAlive([this] {
      retry_ = 0;
      Read();
    }));
  }
  // A waiter may end this object: nothing of it is used from here on.
  for (auto& done : waiters) done(result);
}

}  // namespace quire::metadata
