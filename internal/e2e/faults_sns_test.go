package e2e

// snsFaults are the faults of SNS and of the way to it.
func snsFaults() []fault { return nil }
