// Package cuda searches with NVIDIA's cards through the CUDA driver API. The
// driver's library is loaded when it is needed: neither cgo nor a toolkit is,
// neither to build adit nor on the rig. The kernels come as PTX, which the
// driver compiles for the card and keeps in its own cache.
//
// Each searcher has a context of its own, so that a fault of one leaves others
// alone, and a new one can begin afresh. A context is current on a thread only
// during a call: whoever calls needs no particular thread.
//
// It is a binding only: the search itself is in gpu/internal/engine. It imports
// gpu, gpu/internal and hash; cmd uses it.
package cuda

// Backend is the name under which devices appear.
const Backend = "cuda"
