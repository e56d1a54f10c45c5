#include "tests/exhaustive/command.h"

int main(int argc, char** argv) {
  return quire::exhaustive::RunExplorer(argc, argv);
}
