"""The living fleet: tasks that grow, merge, stop and fail, and the storages, machines and policies around them."""
