#pragma once

#include <string>
#include <vector>

namespace quire::tools {

// Rows under a headline, columns as wide as their widest cell.
class Table {
 public:
  using Row = std::vector<std::string>;

  explicit Table(Row head) : rows_{std::move(head)} {}
  void Add(Row row) { rows_.push_back(std::move(row)); }  // as many cells as the headline

  std::string Text() const;

 private:
  std::vector<Row> rows_;
};

}  // namespace quire::tools
