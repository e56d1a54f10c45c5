#include "metadata/children_reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace quire::metadata {
namespace {

using common::Errc;
using common::Fail;
using common::Result;

constexpr std::size_t kPage = 512;
constexpr std::size_t kWindow = 16;

// Lives as long as the store holds a callback of it.
class Reader : public std::enable_shared_from_this<Reader> {
 public:
  Reader(MetadataStore& store, std::string path, common::Callback<Result<std::vector<Child>>> done)
      : store_(store), path_(std::move(path)), done_(std::move(done)) {}

  void ListMore() {
    store_.List(path_, names_.empty() ? "" : names_.back(), kPage,
                [self = shared_from_this()](Result<std::vector<std::string>> page) {
                  self->Listed(std::move(page));
                });
  }

 private:
  void Listed(Result<std::vector<std::string>> page) {
    if (!page && page.error().code() != Errc::kNoNode) return End(Fail(std::move(page).error()));
    if (page && !page->empty()) {
      std::ranges::move(*page, std::back_inserter(names_));
      return ListMore();
    }
    values_.resize(names_.size());
    ReadMore();
  }

  void ReadMore() {
    if (finished_ == names_.size()) return Deliver();
    for (; next_ < names_.size() && next_ - finished_ < kWindow; ++next_) {
      store_.Read(path_ + "/" + names_[next_],
                  [self = shared_from_this(), index = next_](Result<Versioned> read) {
                    self->Got(index, std::move(read));
                  });
    }
  }

  void Got(std::size_t index, Result<Versioned> read) {
    if (!done_) return;
    ++finished_;
    if (read) {
      values_[index] = std::move(read->value);
    } else if (read.error().code() != Errc::kNoNode) {
      return End(Fail(std::move(read).error()));
    }
    ReadMore();
  }

  void Deliver() {
    std::vector<Child> children;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (values_[i]) children.push_back({std::move(names_[i]), *std::move(values_[i])});
    }
    End(std::move(children));
  }

  void End(Result<std::vector<Child>> result) {
    auto done = std::exchange(done_, nullptr);
    done(std::move(result));
  }

  MetadataStore& store_;
  const std::string path_;
  common::Callback<Result<std::vector<Child>>> done_;
  std::vector<std::string> names_;
  std::vector<std::optional<std::string>> values_;  // of the names; empty: it went
  std::size_t next_ = 0;                            // to be asked for
  std::size_t finished_ = 0;                        // answered, in any order
};

}  // namespace

void ReadChildren(MetadataStore& store, std::string path,
                  common::Callback<Result<std::vector<Child>>> done) {
  std::make_shared<Reader>(store, std::move(path), std::move(done))->ListMore();
}

}  // namespace quire::metadata
