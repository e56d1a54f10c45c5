# Whole clusters in one thread from one seed: the real client, and simple or real bookies.
find_package(CLI11 REQUIRED)
find_package(RocksDB REQUIRED)
add_library(quire_histories STATIC
  bookie_node.cc bookie_witness.cc chronicle.cc client_node.cc full_node.cc history.cc
  history_plan.cc inventory.cc mishaps.cc oracle.cc)
target_link_libraries(quire_histories PUBLIC quire_simulation quire quire_bookie
                                             quire_bookie_offline quire_sim_disk
                                             PRIVATE rocksdb)
add_executable(simulation_run history_main.cc)
target_link_libraries(simulation_run PRIVATE quire_histories CLI11::CLI11)
quire_test(history_test TIMEOUT 600 SOURCES bookie_witness_test.cc history_test.cc LIBS quire_histories)
target_compile_definitions(history_test PRIVATE
  QUIRE_CORPUS="${CMAKE_CURRENT_SOURCE_DIR}/corpus.txt")

# Fresh seeds with every run of the tests: how many is a budget of time, not of meaning.
set(QUIRE_SIMULATION_FACTOR 1 CACHE STRING "How many times the usual number of histories")
foreach(budget uniform:12000 focused:12000 full:1500 full-focused:1000)
  string(REPLACE ":" ";" budget ${budget})
  list(GET budget 0 profile)
  list(GET budget 1 seeds)
  math(EXPR seeds "${seeds} * ${QUIRE_SIMULATION_FACTOR}")
  add_test(NAME simulation.${profile}
           COMMAND simulation_run --profile ${profile} --seeds ${seeds} --jobs 1)
  set_tests_properties(simulation.${profile} PROPERTIES TIMEOUT 1200)
endforeach()
add_subdirectory(mutants)
