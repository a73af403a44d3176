package cryptonote

import (
	"fmt"

	"github.com/aditmine/adit/stratum"
)

func missing(name string) error {
	return &stratum.FieldError{Field: name, Problem: "is missing"}
}

// text reads a string that must be there and not be empty.
func text(v stratum.Value, name string) (string, error) {
	s, err := optionalText(v, name)
	if err == nil && s == "" {
		err = missing(name)
	}
	return s, err
}

// optionalText reads a string; missing and null are the empty string.
func optionalText(v stratum.Value, name string) (string, error) {
	if v.Missing() {
		return "", nil
	}
	s, ok := v.Text()
	if !ok {
		return "", &stratum.FieldError{Field: name, Problem: "must be a string"}
	}
	return s, nil
}

// textList reads a list of strings; a single string counts as a list of one.
func textList(v stratum.Value, name string) ([]string, error) {
	if v.Missing() {
		return nil, nil
	}
	if s, ok := v.Text(); ok {
		return []string{s}, nil
	}
	var list []string
	for e := range v.Elements() {
		s, ok := e.Text()
		if !ok {
			return nil, &stratum.FieldError{Field: name, Problem: "must be a list of strings"}
		}
		list = append(list, s)
	}
	if v.Kind() != stratum.Array {
		return nil, &stratum.FieldError{Field: name, Problem: "must be a list of strings"}
	}
	return list, nil
}

// fixedHex reads exactly len(dst) bytes of hexadecimal digits.
func fixedHex(v stratum.Value, name string, dst []byte) error {
	if v.Missing() {
		return missing(name)
	}
	if !v.Hex(dst) {
		return &stratum.FieldError{Field: name, Problem: fmt.Sprintf("must be %d hexadecimal digits", 2*len(dst))}
	}
	return nil
}

// count reads a number that is not negative; missing and null are 0.
func count(v stratum.Value, name string) (uint64, error) {
	if v.Missing() {
		return 0, nil
	}
	n, ok := v.Uint64()
	if !ok {
		return 0, &stratum.FieldError{Field: name, Problem: "must be an integer that is not negative"}
	}
	return n, nil
}
