#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/metadata_store.h"

namespace quire::simulation {

using SessionId = std::uint64_t;  // 0: nobody

// One call of a MetadataStore as it is sent.
struct MetadataRequest {
  enum class Kind { kCreate, kRead, kCompareAndSet, kDelete, kMulti, kList };
  Kind kind = Kind::kRead;
  std::string path = {};
  std::string value = {};
  metadata::Version version = {};
  SessionId owner = 0;                 // of the ephemeral node that is created
  std::vector<metadata::Op> ops = {};  // of a Multi
  std::string after = {};              // of a List
  std::size_t limit = 0;

  bool is_write() const { return kind != Kind::kRead && kind != Kind::kList; }
};

// What the calls answer, as far as each has it.
struct MetadataAnswer {
  std::string value;
  metadata::Version version;
  std::vector<std::string> names;
};

// One change of one node, as an oracle wants to see it.
struct Mutation {
  std::string path;
  std::optional<std::string> before;  // nullopt: there was no node
  std::optional<std::string> after;   // nullopt: there is none now
  metadata::Version version;          // of `after`, or of `before` when the node went
};

// The nodes: each function is one atomic step with the rules of metadata_store.h. A value, so that
// a follower that lags is a copy.
class SimMetadataTree {
 public:
  SimMetadataTree();

  // What changed is appended to `mutations`, in order; parents that were made on the way too.
  // Nothing is when the answer is an error, but for those parents.
  common::Result<MetadataAnswer> Apply(const MetadataRequest& request,
                                       std::vector<Mutation>& mutations);
  // Removes the ephemeral nodes of a session that ended.
  void RemoveOwned(SessionId owner, std::vector<Mutation>& mutations);

  // Null: no such node.
  const std::string* Find(std::string_view path) const;

 private:
  struct Node {
    std::string value;
    metadata::Version version;
    SessionId owner = 0;
    std::set<std::string, std::less<>> children;
  };
  using Answer = common::Result<MetadataAnswer>;

  Answer Create(const std::string& path, const std::string& value, SessionId owner,
                std::vector<Mutation>& mutations);
  void MakeParents(const std::string& path, std::vector<Mutation>& mutations);
  Answer Set(const std::string& path, const std::string& value, metadata::Version expected,
             std::vector<Mutation>& mutations);
  Answer Delete(const std::string& path, metadata::Version expected,
                std::vector<Mutation>& mutations);
  Answer Multi(const std::vector<metadata::Op>& ops, std::vector<Mutation>& mutations);
  Answer Check(const std::string& path, metadata::Version expected) const;
  Answer Read(const std::string& path) const;
  Answer List(const MetadataRequest& request) const;

  std::map<std::string, Node, std::less<>> nodes_;
};

}  // namespace quire::simulation
