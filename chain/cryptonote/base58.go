package cryptonote

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// CryptoNote's base58 is not Bitcoin's: data is cut into blocks of 8 bytes,
// each written as 11 characters, and a last shorter block as fewer. So the
// length of a text follows from the length of the data.

const (
	base58Alphabet  = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	base58Block     = 8  // bytes
	base58BlockText = 11 // characters
)

// base58Width returns the characters that n bytes take, for n from 0 to 8.
func base58Width(n int) int {
	return [base58Block + 1]int{0, 2, 3, 5, 6, 7, 9, 10, 11}[n]
}

// base58Bytes returns how many bytes n characters stand for, n from 1 to 11;
// 0 means that no number of bytes takes so many.
func base58Bytes(n int) int {
	for size := 1; size <= base58Block; size++ {
		if base58Width(size) == n {
			return size
		}
	}
	return 0
}

// encodeBase58 writes data in CryptoNote's base58.
func encodeBase58(data []byte) string {
	var text strings.Builder
	for len(data) > 0 {
		n := min(len(data), base58Block)
		text.Write(encodeBase58Block(data[:n]))
		data = data[n:]
	}
	return text.String()
}

func encodeBase58Block(data []byte) []byte {
	var v uint64
	for _, b := range data {
		v = v<<8 | uint64(b)
	}
	text := make([]byte, base58Width(len(data)))
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = base58Alphabet[v%58]
		v /= 58
	}
	return text
}

// decodeBase58 reads CryptoNote's base58. Every text it accepts is the one
// that encodeBase58 writes for the result.
func decodeBase58(text string) ([]byte, error) {
	var data []byte
	for at := 0; at < len(text); at += base58BlockText {
		block := text[at:min(at+base58BlockText, len(text))]
		var err error
		if data, err = appendBase58Block(data, block); err != nil {
			return nil, fmt.Errorf("at character %d: %w", at+1, err)
		}
	}
	return data, nil
}

func appendBase58Block(data []byte, block string) ([]byte, error) {
	size := base58Bytes(len(block))
	if size == 0 {
		return nil, errors.New("the text is cut off or too long")
	}
	var v uint64
	for i := range len(block) {
		digit := strings.IndexByte(base58Alphabet, block[i])
		if digit < 0 {
			return nil, fmt.Errorf("%q is not a base58 character", block[i])
		}
		hi, lo := bits.Mul64(v, 58)
		sum, carry := bits.Add64(lo, uint64(digit), 0)
		if hi != 0 || carry != 0 {
			return nil, errors.New("the characters do not encode anything")
		}
		v = sum
	}
	if size < base58Block && v>>(8*size) != 0 {
		return nil, errors.New("the characters do not encode anything")
	}
	for i := size - 1; i >= 0; i-- {
		data = append(data, byte(v>>(8*i)))
	}
	return data, nil
}
