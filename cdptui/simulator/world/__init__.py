"""The simulated fleet: tasks that grow, merge, stop and fail, and their storages, VMs and policies."""
