package e2e

// dataFaults are the faults of the data.
func dataFaults() []fault { return nil }
