# The bookie proper, over the journal and the store.
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json REQUIRED)
# Only the core: its package file would want the libraries of its HTTP server and client as well.
find_library(PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
find_library(SYSTEMD systemd REQUIRED)

add_library(quire_bookie STATIC
  adds.cc ballast.cc checkpoint.cc collector.cc config.cc config_flags.cc config_option.cc
  config_table.cc config_toml.cc daemon.cc descriptors.cc directory_lock.cc duplicate_lookups.cc
  host_port.cc http_pages.cc http_server.cc identity.cc limbo_floor.cc metadata_cookies.cc
  metadata_session.cc registration_wait.cc
  ledger_table.cc log_stderr.cc long_polls.cc memory_budget.cc metrics_page.cc metrics_process.cc
  metrics_requests.cc metrics_text.cc near_name.cc pending_replies.cc read_queue.cc reads.cc
  real_storage.cc replay.cc replay_stage.cc retry_hint.cc service_notifier.cc shard.cc
  shard_health.cc shard_home.cc shard_router.cc space_watch.cc status_report.cc
  status_report_json.cc)
target_link_libraries(quire_bookie
  PUBLIC quire_bookie_journal quire_bookie_store quire_protocol quire_metadata quire_rpc
  PRIVATE spdlog::spdlog CLI11::CLI11 Boost::headers nlohmann_json::nlohmann_json
          ${PROMETHEUS_CORE} ${SYSTEMD})
set_source_files_properties(metrics_process.cc PROPERTIES
  COMPILE_DEFINITIONS "QUIRE_VERSION=\"${PROJECT_VERSION}\"")

add_executable(bookie main.cc)
target_link_libraries(bookie PRIVATE quire_bookie)
# Frames and cached entries come and go on several threads in all sizes: jemalloc keeps the process
# from growing with fragments. The sanitizers bring an allocator of their own.
find_library(JEMALLOC jemalloc)
if(JEMALLOC AND NOT QUIRE_SANITIZE)
  target_link_libraries(bookie PRIVATE ${JEMALLOC})
endif()
