"""The query API that all inventories share: its grammar, and its evaluation over rows."""
