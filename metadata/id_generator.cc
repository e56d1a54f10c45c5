#include "metadata/id_generator.h"

#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

namespace quire::metadata {
namespace {

using common::Errc;
using common::Fail;
using common::Result;

constexpr const char* kPath = "/ids";
// So many lost answers in a row and the caller is told instead.
constexpr int kMaxLostAnswers = 16;

Result<std::int64_t> Parse(const std::string& value) {
  std::int64_t last = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, last);
  if (error != std::errc{} || stop != end || last < 0 || last == INT64_MAX) {
    return Fail(Errc::kCorrupt, "the counter of ledger ids at /ids holds '" + value + "'");
  }
  return last;
}

}  // namespace

class IdGenerator::Draw final : public OperationOf<protocol::LedgerId> {
 public:
  Draw(IdGenerator& generator, Done done)
      : OperationOf(generator.loop_, generator.operations_, std::move(done)),
        generator_(generator) {}

  void Begin() { generator_.known_ ? Swap(*generator_.known_) : Read(); }

 private:
  void Read() {
    generator_.store_.Read(kPath, WhileAlive([this](const Result<Versioned>& read) {
                             if (read) return Take(*read);
                             if (read.error().code() == Errc::kNoNode) return Create();
                             Finish(Fail(read.error()));
                           }));
  }

  void Take(const Versioned& read) {
    const auto last = Parse(read.value);
    if (!last) return Finish(Fail(last.error()));
    Swap({*last, read.version});
  }

  void Create() {
    generator_.store_.Create(kPath, "1", NodeKind::kPersistent,
                             WhileAlive([this](Result<Version> created) {
                               Settle({0, Version{}}, std::move(created), Errc::kNodeExists);
                             }));
  }

  void Swap(Counter counter) {
    generator_.store_.CompareAndSet(kPath, std::to_string(counter.last + 1), counter.version,
                                    WhileAlive([this, counter](Result<Version> swapped) {
                                      Settle(counter, std::move(swapped), Errc::kBadVersion);
                                    }));
  }

  // Only a swap that is known to have won gives an id: after a lost answer the counter is read
  // again, and whatever it says by then, the id after it is nobody's.
  void Settle(Counter before, Result<Version> result, Errc lost_race) {
    if (result) {
      generator_.known_ = Counter{before.last + 1, *result};
      return Finish(protocol::LedgerId(before.last + 1));
    }
    generator_.known_.reset();
    const Errc code = result.error().code();
    if (code == lost_race) return Read();
    if (code == Errc::kNoNode) {
      return Finish(Fail(Errc::kCorrupt, "the counter of ledger ids at /ids was deleted"));
    }
    if (code == Errc::kAmbiguous && ++lost_answers_ < kMaxLostAnswers) {
      return RetryLater([this] { Read(); });
    }
    if (code == Errc::kAmbiguous) {
      return Finish(Fail(Errc::kMetadataUnavailable, result.error().context()));
    }
    Finish(Fail(std::move(result).error()));
  }

  IdGenerator& generator_;
  int lost_answers_ = 0;
};

IdGenerator::IdGenerator(common::Loop& loop, MetadataStore& store) : loop_(loop), store_(store) {}

void IdGenerator::Next(Done done) {
  const auto draw = std::make_shared<Draw>(*this, std::move(done));
  operations_.Insert(draw);
  draw->Begin();
}

}  // namespace quire::metadata
