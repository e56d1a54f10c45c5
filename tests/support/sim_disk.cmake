add_library(quire_sim_disk STATIC sim_disk.cc sim_file_data.cc)
    target_link_libraries(quire_sim_disk PUBLIC quire_common)
