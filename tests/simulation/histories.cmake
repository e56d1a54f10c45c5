# Whole clusters in one thread from one seed: the real client, and simple or real bookies.
find_package(CLI11 REQUIRED)
find_package(RocksDB REQUIRED)
add_library(quire_histories STATIC
  bookie_node.cc client_node.cc full_node.cc history.cc history_plan.cc oracle.cc)
target_link_libraries(quire_histories PUBLIC quire_simulation quire quire_bookie quire_sim_disk
                                             PRIVATE rocksdb)
add_executable(simulation_run history_main.cc)
target_link_libraries(simulation_run PRIVATE quire_histories CLI11::CLI11)
quire_test(history_test TIMEOUT 600 SOURCES history_test.cc LIBS quire_histories)
