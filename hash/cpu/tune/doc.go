// Package tune finds, by measuring, how many threads and how many lanes a
// thread search an algorithm fastest on the machine it runs on, and remembers
// the answer in a file.
//
// How many lanes pay depends on what no table knows: the size and sharing of
// the caches, how many misses a core keeps under way, the pages the system
// gave, and who else uses the memory. So the search itself is timed, with all
// threads at once, as it will run.
//
// It imports hash, hash/cpu and hash/cpu/topology; cmd uses it.
package tune
