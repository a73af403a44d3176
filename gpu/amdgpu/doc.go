// Package amdgpu reads the sensors of AMD cards from the files in which Linux's
// amdgpu driver shows them (sysfs; "drm/amdgpu" and "hwmon" in the kernel's
// documentation). It needs no library of AMD's and no rights, and only reads.
//
// It imports gpu and gpu/telemetry; cmd uses it.
package amdgpu

// Name is the source's name in telemetry.
const Name = "amdgpu"
