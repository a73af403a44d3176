//go:build !unix

package ledger

import "os"

// LockFile marks a ledger as being written. Where there is no advisory lock it
// only checks that the place can be written to.
func LockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}
