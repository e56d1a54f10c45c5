#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace quire::fuzz {

// What a walk over a struct of the Thrift binary protocol saw.
struct WireFacts {
  bool field_twice = false;   // a struct has two fields of one id
  bool other_lists = false;   // a list declares something else than the elements expected
  bool unnamed_type = false;  // an empty container declares elements of a type that there is not
  int depth = 1;              // structs and containers inside each other
};

// Walks bytes that should be exactly one struct, by its own reading of the protocol's rules: an
// oracle for rpc::WireReader and for the codecs. nullopt when they are not, or when a container
// counts more than rpc::kMaxWireElements. `lists_of` is the wire type expected in lists.
std::optional<WireFacts> WalkStruct(std::string_view bytes, int lists_of);

}  // namespace quire::fuzz
