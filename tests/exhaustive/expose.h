#pragma once

namespace quire::exhaustive {

// Read access to a private member, so that an exploration can compare states that the class rightly
// does not show. An explicit instantiation may name private members; its friend hands the pointer
// out under a name of ours.
template <typename Name, auto Member>
struct Expose {
  friend constexpr auto MemberOf(Name) { return Member; }
};

#define QUIRE_EXPOSE(Name, Member)        \
  struct Name {                           \
    friend constexpr auto MemberOf(Name); \
  };                                      \
  template struct Expose<Name, Member>

template <typename Name, typename Class>
const auto& Peek(const Class& object) {
  return object.*MemberOf(Name{});
}

}  // namespace quire::exhaustive
