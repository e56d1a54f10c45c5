add_library(quire_store_fixture STATIC store_fixture.cc)
target_link_libraries(quire_store_fixture PUBLIC quire_bookie_store quire_sim_disk GTest::gtest)

quire_test(store_test
  SOURCES compactor_test.cc compactor_crash_test.cc extent_test.cc extent_merge_test.cc index_format_test.cc index_test.cc
          hold_back_test.cc quarantine_test.cc scrubber_test.cc segment_files_test.cc segment_format_test.cc segment_writer_test.cc store_crash_test.cc
          shrinking_segment_test.cc store_model_test.cc store_race_test.cc store_read_test.cc
          store_space_test.cc store_test.cc
          tombstones_test.cc write_cache_test.cc
          read_ahead_test.cc read_cache_test.cc read_scheduler_test.cc
  LIBS quire_store_fixture quire_test_support)

# Not a test: run it by hand on the disk in question.
add_executable(store_benchmark store_benchmark.cc)
target_link_libraries(store_benchmark PRIVATE quire_store_fixture quire_test_support)
