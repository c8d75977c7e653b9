package tc

// AfterSignal is what the parts of an ending may take together.
const AfterSignal = appGrace + writeHurried + logHurried
