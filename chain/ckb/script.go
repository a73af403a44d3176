package ckb

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// HashType says what a script's code hash identifies: 1 the code's type
// script; an even number the code itself, to run in virtual machine version
// number/2.
type HashType byte

// Hash types in use.
const (
	HashTypeData  HashType = 0
	HashTypeType  HashType = 1
	HashTypeData1 HashType = 2
	HashTypeData2 HashType = 4
)

// String is the JSON name: "data", "type", "data1", "data2" and so on.
func (t HashType) String() string {
	switch {
	case t == HashTypeType:
		return "type"
	case t == HashTypeData:
		return "data"
	case t%2 == 0:
		return "data" + strconv.Itoa(int(t)/2)
	}
	return fmt.Sprintf("HashType(%d)", byte(t))
}

// MarshalText writes the JSON name; odd numbers but 1 have none.
func (t HashType) MarshalText() ([]byte, error) {
	if t%2 == 1 && t != HashTypeType {
		return nil, fmt.Errorf("hash type %d does not exist", byte(t))
	}
	return []byte(t.String()), nil
}

// UnmarshalText reads the JSON name. Versions later than data2 are read too,
// so that a node ahead of us can be followed.
func (t *HashType) UnmarshalText(text []byte) error {
	name := string(text)
	switch version, isData := strings.CutPrefix(name, "data"); {
	case name == "type":
		*t = HashTypeType
	case name == "data":
		*t = HashTypeData
	case isData:
		n, err := strconv.ParseUint(version, 10, 7)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != version {
			return fmt.Errorf("unknown hash_type %s", quote(text))
		}
		*t = HashType(2 * n)
	default:
		return fmt.Errorf("unknown hash_type %s", quote(text))
	}
	return nil
}

// Script locks a cell, or says its type.
type Script struct {
	CodeHash Hash     `json:"code_hash"`
	HashType HashType `json:"hash_type"`
	Args     Bytes    `json:"args"`
}

// Equal reports whether both are the same script.
func (s Script) Equal(o Script) bool {
	return s.CodeHash == o.CodeHash && s.HashType == o.HashType && bytes.Equal(s.Args, o.Args)
}

// Hash is the script hash (lock hash, type hash).
func (s Script) Hash() Hash { return Sum(s.molecule()) }

// molecule is the table Script.
func (s Script) molecule() []byte {
	return moleculeDynamic(s.CodeHash[:], []byte{byte(s.HashType)}, moleculeBytes(s.Args))
}

// parseScript reads the table Script. It copies what it keeps.
func parseScript(b []byte) (Script, error) {
	f, err := moleculeTable(b, 3)
	if err != nil {
		return Script{}, fmt.Errorf("script: %w", err)
	}
	if len(f[0]) != len(Hash{}) || len(f[1]) != 1 {
		return Script{}, errors.New("script: fields of the wrong size")
	}
	args, err := parseMoleculeBytes(f[2])
	if err != nil {
		return Script{}, fmt.Errorf("script args: %w", err)
	}
	return Script{CodeHash: Hash(f[0]), HashType: HashType(f[1][0]), Args: bytes.Clone(args)}, nil
}

// CellbaseWitness is the witness of a cellbase: who is paid for the block,
// eleven blocks later, and free bytes. The lock comes from the node's
// [block_assembler] settings.
type CellbaseWitness struct {
	Lock    Script
	Message []byte
}

// Encode is the molecule table CellbaseWitness.
func (w CellbaseWitness) Encode() []byte {
	return moleculeDynamic(w.Lock.molecule(), moleculeBytes(w.Message))
}

// ParseCellbaseWitness reads the molecule table CellbaseWitness.
func ParseCellbaseWitness(b []byte) (CellbaseWitness, error) {
	f, err := moleculeTable(b, 2)
	if err != nil {
		return CellbaseWitness{}, fmt.Errorf("cellbase witness: %w", err)
	}
	lock, err := parseScript(f[0])
	if err != nil {
		return CellbaseWitness{}, fmt.Errorf("cellbase witness: %w", err)
	}
	message, err := parseMoleculeBytes(f[1])
	if err != nil {
		return CellbaseWitness{}, fmt.Errorf("cellbase witness message: %w", err)
	}
	return CellbaseWitness{Lock: lock, Message: bytes.Clone(message)}, nil
}
