package e2e

// machineFaults are the faults of the machine.
func machineFaults() []fault { return nil }
