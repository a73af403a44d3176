// Package config reads the miner's configuration file, which has the shape of
// XMRig's config.json: JSON with comments and trailing commas, pools, cpu,
// opencl, cuda and http sections. What adit has no use for is listed, not
// refused, so that a file made for XMRig works.
//
// It imports gpu and hash; cmd/adit uses it.
package config
