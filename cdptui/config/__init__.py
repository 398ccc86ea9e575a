"""What was asked for: addresses, credentials, paths. The only room that reads the environment and the disk for them."""
