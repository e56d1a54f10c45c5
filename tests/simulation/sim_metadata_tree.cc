#include "tests/simulation/sim_metadata_tree.h"

#include <utility>

namespace quire::simulation {
namespace {

using common::Errc;
using common::Fail;

std::string_view ParentOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

SimMetadataTree::SimMetadataTree() {
  nodes_.emplace("/", Node());
}

SimMetadataTree::Answer SimMetadataTree::Apply(const MetadataRequest& request,
                                               std::vector<Mutation>& mutations) {
  switch (request.kind) {
    case MetadataRequest::Kind::kCreate:
      if (nodes_.contains(request.path)) return Fail(Errc::kNodeExists, request.path);
      MakeParents(request.path, mutations);
      return Create(request.path, request.value, request.owner, mutations);
    case MetadataRequest::Kind::kRead: return Read(request.path);
    case MetadataRequest::Kind::kCompareAndSet:
      return Set(request.path, request.value, request.version, mutations);
    case MetadataRequest::Kind::kDelete: return Delete(request.path, request.version, mutations);
    case MetadataRequest::Kind::kMulti: return Multi(request.ops, mutations);
    case MetadataRequest::Kind::kList: return List(request);
  }
  std::unreachable();
}

const std::string* SimMetadataTree::Find(std::string_view path) const {
  const auto node = nodes_.find(path);
  return node == nodes_.end() ? nullptr : &node->second.value;
}

void SimMetadataTree::MakeParents(const std::string& path, std::vector<Mutation>& mutations) {
  const std::string parent(ParentOf(path));
  if (nodes_.contains(parent)) return;
  MakeParents(parent, mutations);
  (void)Create(parent, "", 0,
               mutations);  // below an ephemeral node: `path` fails for the same reason
}

SimMetadataTree::Answer SimMetadataTree::Create(const std::string& path, const std::string& value,
                                                SessionId owner, std::vector<Mutation>& mutations) {
  if (nodes_.contains(path)) return Fail(Errc::kNodeExists, path);
  const auto parent = nodes_.find(ParentOf(path));
  if (parent == nodes_.end()) return Fail(Errc::kNoNode, path);
  if (parent->second.owner != 0) {
    return Fail(Errc::kInvalidArgument, path + ": an ephemeral node has no children");
  }
  parent->second.children.emplace(NameOf(path));
  nodes_.emplace(path, Node{.value = value, .version = {}, .owner = owner, .children = {}});
  mutations.push_back({.path = path, .before = {}, .after = value, .version = {}});
  return MetadataAnswer();
}

SimMetadataTree::Answer SimMetadataTree::Set(const std::string& path, const std::string& value,
                                             metadata::Version expected,
                                             std::vector<Mutation>& mutations) {
  if (auto bad = Check(path, expected); !bad) return bad;
  Node& node = nodes_.find(path)->second;
  ++node.version.value;
  mutations.push_back({.path = path,
                       .before = std::exchange(node.value, value),
                       .after = value,
                       .version = node.version});
  return MetadataAnswer{.value = {}, .version = node.version, .names = {}};
}

SimMetadataTree::Answer SimMetadataTree::Delete(const std::string& path, metadata::Version expected,
                                                std::vector<Mutation>& mutations) {
  if (auto bad = Check(path, expected); !bad) return bad;
  const auto node = nodes_.find(path);
  if (!node->second.children.empty()) return Fail(Errc::kNotEmpty, path);
  auto& siblings = nodes_.find(ParentOf(path))->second.children;
  siblings.erase(siblings.find(NameOf(path)));
  mutations.push_back(
      {.path = path, .before = std::move(node->second.value), .after = {}, .version = expected});
  nodes_.erase(node);
  return MetadataAnswer();
}

SimMetadataTree::Answer SimMetadataTree::Multi(const std::vector<metadata::Op>& ops,
                                               std::vector<Mutation>& mutations) {
  // Groups are rare and the trees of tests small: a copy is the simplest way back.
  const auto before = nodes_;
  const std::size_t count = mutations.size();
  for (const metadata::Op& op : ops) {
    Answer step;
    switch (op.kind) {
      case metadata::Op::Kind::kCreate: step = Create(op.path, op.value, 0, mutations); break;
      case metadata::Op::Kind::kCompareAndSet:
        step = Set(op.path, op.value, op.version, mutations);
        break;
      case metadata::Op::Kind::kDelete: step = Delete(op.path, op.version, mutations); break;
      case metadata::Op::Kind::kCheck: step = Check(op.path, op.version); break;
    }
    if (!step) {
      nodes_ = before;
      mutations.resize(count);
      return step;
    }
  }
  return MetadataAnswer();
}

SimMetadataTree::Answer SimMetadataTree::Check(const std::string& path,
                                               metadata::Version expected) const {
  const auto node = nodes_.find(path);
  if (node == nodes_.end()) return Fail(Errc::kNoNode, path);
  if (node->second.version != expected) return Fail(Errc::kBadVersion, path);
  return MetadataAnswer();
}

SimMetadataTree::Answer SimMetadataTree::Read(const std::string& path) const {
  const auto node = nodes_.find(path);
  if (node == nodes_.end()) return Fail(Errc::kNoNode, path);
  return MetadataAnswer{.value = node->second.value, .version = node->second.version, .names = {}};
}

SimMetadataTree::Answer SimMetadataTree::List(const MetadataRequest& request) const {
  const auto node = nodes_.find(request.path);
  if (node == nodes_.end()) return Fail(Errc::kNoNode, request.path);
  MetadataAnswer answer;
  const auto& children = node->second.children;
  for (auto name = children.upper_bound(request.after);
       name != children.end() && answer.names.size() < request.limit; ++name) {
    answer.names.push_back(*name);
  }
  return answer;
}

void SimMetadataTree::RemoveOwned(SessionId owner, std::vector<Mutation>& mutations) {
  std::vector<std::pair<std::string, metadata::Version>> owned;
  for (const auto& [path, node] : nodes_) {
    if (node.owner == owner) owned.emplace_back(path, node.version);
  }
  for (const auto& [path, version] : owned) (void)Delete(path, version, mutations);
}

}  // namespace quire::simulation
