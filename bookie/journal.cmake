add_library(quire_bookie_journal STATIC
  journal.cc journal_batch.cc journal_drain.cc journal_files.cc journal_format.cc journal_queue.cc
  journal_reader.cc journal_replay.cc)
target_link_libraries(quire_bookie_journal PUBLIC quire_common)
