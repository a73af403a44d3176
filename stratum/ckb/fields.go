package ckb

import "github.com/aditmine/adit/stratum"

// first is the first element of a list, absent when there is none.
func first(params stratum.Value) stratum.Value {
	var arg [1]stratum.Value
	params.Fill(arg[:])
	return arg[0]
}

// positive reads a finite number above 0.
func positive(v stratum.Value, name string) (float64, error) {
	if v.Missing() {
		return 0, stratum.MissingField(name)
	}
	f, ok := v.Float64()
	if !ok || f <= 0 {
		return 0, &stratum.FieldError{Field: name, Problem: "must be a number above 0"}
	}
	return f, nil
}
