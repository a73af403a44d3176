// Package ptx has the kernels as PTX, NVIDIA's assembly text, which the driver
// compiles for the card. The text is made of kernels/cl by clang (make ptx),
// committed compressed, and embedded.
//
// It imports hash/cryptonight and gpu/internal/program; gpu/cuda uses it.
package ptx

import (
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/aditmine/adit/gpu/internal/program"
)

//go:generate go run ../ptxgen

//go:embed files/*.ptx.gz
var files embed.FS

// Capability is the least compute capability that the text is for, times ten.
const Capability = 50

// Text is the PTX of a program, with cn/r's code of the height where it has
// one.
func Text(p *program.Program) (string, error) {
	text, err := Compiled(p.Name)
	if err != nil || p.Code == nil {
		return text, err
	}
	return insert(text, p.Code)
}

// Compiled is what clang made of the program of a name.
func Compiled(name string) (string, error) {
	f, err := files.Open("files/" + name + ".ptx.gz")
	if err != nil {
		return "", fmt.Errorf("there is no PTX of %s: %w", name, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return "", fmt.Errorf("reading the PTX of %s: %w", name, err)
	}
	var text strings.Builder
	if _, err := io.Copy(&text, z); err != nil {
		return "", fmt.Errorf("reading the PTX of %s: %w", name, err)
	}
	return text.String(), nil
}
