quire_test(journal_test
  SOURCES journal_test.cc journal_recycle_test.cc journal_damage_test.cc journal_fault_test.cc journal_full_test.cc
          journal_crash_test.cc journal_format_test.cc journal_posix_test.cc
  LIBS quire_bookie_journal quire_sim_disk)

# Not a test: run it by hand on the disk in question.
add_executable(journal_benchmark journal_benchmark.cc)
target_link_libraries(journal_benchmark PRIVATE quire_bookie_journal)
