package e2e

// storeFaults are the faults of the store.
func storeFaults() []fault { return nil }
