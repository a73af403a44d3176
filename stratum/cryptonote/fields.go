package cryptonote

import "github.com/aditmine/adit/stratum"

// textList reads a list of strings; a single string counts as a list of one.
func textList(v stratum.Value, name string) ([]string, error) {
	if v.Missing() {
		return nil, nil
	}
	if s, ok := v.Text(); ok {
		return []string{s}, nil
	}
	bad := &stratum.FieldError{Field: name, Problem: "must be a list of strings"}
	if v.Kind() != stratum.Array {
		return nil, bad
	}
	var list []string
	for e := range v.Elements() {
		s, ok := e.Text()
		if !ok {
			return nil, bad
		}
		list = append(list, s)
	}
	return list, nil
}
