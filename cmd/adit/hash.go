package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// maxHashLine is the longest line that "adit hash" reads, in bytes.
const maxHashLine = 1 << 20

const hashLong = `Prints the proof-of-work hash of each HEX, one a line.

Without HEX, every line of the standard input is one message:

  HEX            or
  HEX HEIGHT     for algorithms that need the block height, such as cn/r

and an empty line is the empty message. Hashes appear as soon as their line
is read. The first bad line ends the command with an error that names it.

Bytes are printed in the order in which the algorithm emits them: CryptoNight
hashes are numbers with the last byte most significant, Eaglesong's with the
first.

Algorithms: `

func newHashCmd() *cobra.Command {
	var algo string
	var height uint64
	cmd := &cobra.Command{
		Use:   "hash -a ALGO [--height N] [HEX...]",
		Short: "Print proof-of-work hashes",
		Long:  hashLong + algorithmNames(),
		Example: `  adit hash -a eaglesong 48656c6c6f2c20776f726c64210a
  adit hash -a cn/r --height 1806260 5468697320697320612074657374
  adit hash -a cn/2 < messages.txt`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := parseAlgorithm(algo)
			if err != nil {
				return err
			}
			hasher, err := cpu.New(a)
			if err != nil {
				return err
			}
			defer hasher.Close()
			p := &hashPrinter{out: cmd.OutOrStdout(), hasher: hasher, height: height}
			if len(args) > 0 {
				return p.arguments(cmd.Context(), args)
			}
			return p.lines(cmd.Context(), cmd.InOrStdin())
		},
	}
	cmd.Flags().StringVarP(&algo, "algo", "a", "", "algorithm")
	cmd.Flags().Uint64Var(&height, "height", 0, "block height, for messages that come without one")
	return cmd
}

// hashPrinter prints the hash of one message after the other.
type hashPrinter struct {
	out    io.Writer
	hasher hash.Hasher
	height uint64 // of messages that come without one
}

func (p *hashPrinter) arguments(ctx context.Context, args []string) error {
	for i, arg := range args {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.print(arg, p.height); err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	return nil
}

func (p *hashPrinter) lines(ctx context.Context, in io.Reader) error {
	return eachLine(ctx, in, func(line string) error {
		fields := strings.Fields(line)
		height := p.height
		switch len(fields) {
		case 0:
			fields = []string{""}
		case 1:
		case 2:
			var err error
			if height, err = strconv.ParseUint(fields[1], 10, 64); err != nil {
				return fmt.Errorf("%.40q is not a block height", fields[1])
			}
		default:
			return fmt.Errorf("want HEX or HEX HEIGHT, found %d fields", len(fields))
		}
		return p.print(fields[0], height)
	})
}

// print writes one hash. Nothing is held back, so that a program on the other
// end of a pipe can wait for each answer.
func (p *hashPrinter) print(text string, height uint64) error {
	blob, err := parseHex(text)
	if err != nil {
		return err
	}
	var digest [1]hash.Digest
	if err := p.hasher.Hash(digest[:], []hash.Input{{Blob: blob, Height: height}}); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.out, "%x\n", digest[0]); err != nil {
		return fmt.Errorf("writing the hash: %w", err)
	}
	return nil
}

// parseHex decodes hexadecimal digits, with or without "0x" before them.
func parseHex(text string) ([]byte, error) {
	digits := strings.TrimPrefix(text, "0x")
	blob, err := hex.DecodeString(digits)
	if err == nil {
		return blob, nil
	}
	if bad := strings.IndexFunc(digits, isNotHex); bad >= 0 {
		at := len(text) - len(digits) + bad
		return nil, fmt.Errorf("%q at position %d is not a hexadecimal digit", []rune(digits[bad:])[0], at+1)
	}
	return nil, fmt.Errorf("%d hexadecimal digits are not whole bytes", len(digits))
}

func isNotHex(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }

// eachLine calls use with every line of in, until use fails, the input or ctx
// ends. What fails is wrapped with the line's number, counted from 1.
func eachLine(ctx context.Context, in io.Reader, use func(line string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := scanLines(ctx, in)
	for number := 1; ; number++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line, open := <-lines:
			if !open {
				return nil
			}
			if line.err == nil {
				line.err = use(line.text)
			}
			if line.err != nil {
				return fmt.Errorf("line %d: %w", number, line.err)
			}
		}
	}
}

// scannedLine is a line, or what went wrong reading it.
type scannedLine struct {
	text string
	err  error
}

// scanLines sends the lines of in and closes the channel after the last one.
// A goroutine of its own reads, so that ctx can interrupt the wait for a line;
// it ends with the read that it is in.
func scanLines(ctx context.Context, in io.Reader) <-chan scannedLine {
	lines := make(chan scannedLine)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		scanner.Buffer(nil, maxHashLine)
		for more := true; more; {
			more = scanner.Scan()
			line := scannedLine{scanner.Text(), scanner.Err()}
			if !more && line.err == nil {
				return
			}
			if errors.Is(line.err, bufio.ErrTooLong) {
				line.err = fmt.Errorf("longer than %d bytes", maxHashLine)
			}
			select {
			case lines <- line:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
