#pragma once

#include <span>
#include <string>
#include <string_view>

namespace quire::bookie {

// " (did you mean 'cache_mb'?)" when one of the names is a slip or two away; else empty.
std::string DidYouMean(std::string_view wrong, std::span<const std::string> names);

}  // namespace quire::bookie
