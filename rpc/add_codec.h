#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/messages.h"

namespace quire::rpc {

// The codec of the hot call, `add`, by hand: the generated code would copy each entry twice and
// allocate for each. Writes the very bytes that the generated code writes; reads fields in any
// order and passes over unknown ones, as the generated code does.

inline constexpr std::string_view kAddMethod = "add";

// One request that grows by one add at a time.
class AddFrame {
 public:
  // Begins the frame in `block`, whose content is dropped and whose memory is kept.
  AddFrame(std::string block, std::int32_t seqid, protocol::BookieId bookie,
           std::int32_t deadline_ms);

  void Append(const protocol::Add& add);

  // Ends the frame and gives it away. At least one add, at most kMaxEntriesPerCall of them and
  // together within the bounds of a frame: the caller saw to it.
  std::string Seal() &&;

  protocol::BookieId bookie() const { return bookie_; }
  std::int32_t seqid() const { return seqid_; }
  std::size_t count() const { return count_; }
  std::size_t bytes() const { return bytes_.size(); }

  // What an add takes in a frame besides its entry.
  static constexpr std::size_t kOverheadBytes = 35;

 private:
  protocol::BookieId bookie_;
  std::int32_t seqid_;
  std::uint32_t count_ = 0;
  std::size_t count_at_ = 0;  // where the size of the list stands in bytes_
  std::string bytes_;
};

enum class Decoded {
  kOk,
  kBadRequest,  // well-formed, but breaks the contract: to be answered with that code
  kMalformed,   // not what the IDL says: ends the connection
};

// A decoded request; views into its frame. Reused from call to call.
struct AddCall {
  protocol::BookieId bookie;
  std::int32_t deadline_ms = 0;
  std::vector<protocol::Add> adds;
};

// Reads the body of an `add` call. kBadRequest: no adds or too many, or an id or key that is not 16
// bytes; `call.adds` still has as many elements as the request.
Decoded DecodeAddCall(std::string_view body, AddCall& call);

// Appends a whole reply frame. At most kMaxWireElements codes. `retry_after_ms`: 0: not said.
void AppendAddReply(std::string& out, std::int32_t seqid, std::span<const protocol::Code> codes,
                    std::int32_t retry_after_ms = 0);

// Reads the body of an `add` reply into `codes`. False when malformed.
bool DecodeAddReply(std::string_view body, std::vector<protocol::Code>& codes,
                    std::int32_t* retry_after_ms = nullptr);

// A code that this version does not know says nothing: kUnknown.
protocol::Code CodeFromWire(std::int32_t value);

}  // namespace quire::rpc
