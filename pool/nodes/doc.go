// Package nodes makes one coin of several nodes: it follows the tip of each,
// takes templates from the best one, hands blocks to all of them, and brings
// the news that nodes publish by themselves.
//
// A node is used while it answers, says that it is synchronised, and is not
// behind the others. The first in the configuration is preferred: the pool
// leaves it at once when it fails, and comes back to it only after it has been
// well for a while, so that a node that comes and goes costs one change and not
// many. A newer tip is mined on at once, whichever node has it first.
//
// The package imports chain and its node clients, pool/config, pool/coin and
// pool/unlock. Package pool uses it.
package nodes
