#include "metadata/operation.h"

namespace quire::metadata {

OperationSet::~OperationSet() {
  for (const auto& operation : operations_) operation->Abandon();
}

void OperationSet::Insert(std::shared_ptr<Operation> operation) {
  operations_.insert(std::move(operation));
}

void OperationSet::Erase(const std::shared_ptr<Operation>& operation) {
  operations_.erase(operation);
}

}  // namespace quire::metadata
