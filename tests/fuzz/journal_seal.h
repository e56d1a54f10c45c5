#pragma once

#include <string>

namespace quire::fuzz {

// Makes magic and checksums of a journal batch right, whatever the other fields say: of the header,
// if there is one, and of each record that lies whole in the bytes behind it.
void SealBatch(std::string& batch);

}  // namespace quire::fuzz
