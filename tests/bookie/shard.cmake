find_package(nlohmann_json REQUIRED)

add_library(quire_shard_fakes STATIC shard_fakes.cc)
target_link_libraries(quire_shard_fakes PUBLIC quire_bookie)

quire_test(shard_test
  SOURCES ballast_test.cc ledger_table_test.cc pending_replies_test.cc read_queue_test.cc retry_hint_test.cc shard_add_test.cc
          shard_checkpoint_test.cc shard_disk_test.cc shard_fence_test.cc shard_limbo_test.cc shard_overload_test.cc shard_read_test.cc
          shard_race_test.cc shard_router_test.cc startup_test.cc
  LIBS quire_shard_fakes quire_bookie quire_sim_disk)
quire_test(shard_storage_test
  SOURCES shard_storage_test.cc
  LIBS quire_bookie_offline quire_store_fixture quire_bookie)
quire_test(bookie_daemon_parts_test
  SOURCES collector_consent_test.cc collector_test.cc config_test.cc config_toml_test.cc
          descriptors_test.cc identity_test.cc log_stderr_test.cc memory_budget_test.cc
          metadata_session_test.cc near_name_test.cc registration_wait_test.cc
          service_notifier_test.cc
  LIBS quire_shard_fakes quire_bookie quire_sim_disk nlohmann_json::nlohmann_json)
quire_test(bookie_daemon_test
  SOURCES daemon_test.cc
  LIBS quire_shard_fakes quire_bookie)

quire_test(bookie_metrics_test
  SOURCES metrics_histogram_test.cc metrics_journal_test.cc metrics_shard_test.cc
          metrics_text_test.cc
  LIBS quire_shard_fakes quire_bookie quire_sim_disk)
quire_test(bookie_http_test
  SOURCES http_config_test.cc http_daemon_test.cc http_pages_test.cc http_server_test.cc
  LIBS quire_shard_fakes quire_bookie)

# One ctest case: its cases share a ZooKeeper server.
add_executable(bookie_process_test bookie_process_test.cc)
target_link_libraries(bookie_process_test PRIVATE quire_bookie quire_bookie_process
                      quire_test_support GTest::gmock GTest::gtest_main)
add_test(NAME bookie_process_test COMMAND bookie_process_test)
set_tests_properties(bookie_process_test PROPERTIES TIMEOUT 300)

# Not a test: run it by hand on the disk in question.
add_executable(compaction_benchmark compaction_benchmark.cc)
target_link_libraries(compaction_benchmark PRIVATE quire_bookie)
add_executable(delete_benchmark delete_benchmark.cc)
target_link_libraries(delete_benchmark PRIVATE quire_store_fixture quire_bookie quire_test_support)
