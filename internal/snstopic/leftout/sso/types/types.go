// Package types is empty: the default chain needs none of the service's types,
// its tests import the package.
package types
