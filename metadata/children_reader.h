#pragma once

#include <string>
#include <vector>

#include "metadata/metadata_store.h"

namespace quire::metadata {

struct Child {
  std::string name;
  std::string value;
};

// Reads every child of a path, sorted by name; none if the path is not there. A child that goes
// while they are read is left out; any other error is the result. A few reads are under way at a
// time. When the store goes first, `done` is not called.
void ReadChildren(MetadataStore& store, std::string path,
                  common::Callback<common::Result<std::vector<Child>>> done);

}  // namespace quire::metadata
