package blake256

import (
	"testing"

	"github.com/aditmine/adit/hash/internal/kattest"
)

func TestKnownAnswers(t *testing.T) {
	kattest.Run(t, "testdata/kat.txt", Sum256)
}
