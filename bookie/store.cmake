find_package(RocksDB REQUIRED)
add_library(quire_bookie_store STATIC
  compaction.cc compactor.cc extent.cc extent_merge.cc hold_back.cc index.cc index_commit.cc index_db.cc
  index_format.cc index_view.cc pacer.cc prefetcher.cc quarantine.cc read_ahead.cc read_cache.cc
  read_scheduler.cc scrub_pass.cc scrub_segment.cc scrubber.cc segment_files.cc segment_format.cc
  segment_writer.cc store.cc store_flush.cc store_flusher.cc store_list.cc store_prefetch.cc
  store_read.cc tombstones.cc write_cache.cc write_cache_arena.cc write_cache_entries.cc write_cache_halves.cc)
target_link_libraries(quire_bookie_store PUBLIC quire_protocol PRIVATE rocksdb)
