package bench

import (
	"cmp"
	"fmt"
	"slices"
)

// Ratio compares one algorithm on one device with an earlier report.
type Ratio struct {
	Device, Algo     string
	OldName, NewName string // of the devices
	Old, New         Rate
	// Ratio is New's median by Old's; it lies between Low and High with at
	// least 90% confidence, which are nil where a rate has no interval.
	Ratio     float64
	Low, High *float64
}

// Slower reports whether the new rate is less than 1-tolerance of the old one,
// and not only by what the windows differ among themselves.
func (r *Ratio) Slower(tolerance float64) bool {
	return r.Ratio < 1-tolerance && (r.High == nil || *r.High < 1)
}

// Comparison is what two reports say about the same devices and algorithms.
type Comparison struct {
	Ratios []Ratio
	// Lost are in the old report and not in the new one, New the other way
	// round: "opencl:0 cn/r".
	Lost, New []string
}

// Compare matches rows by the device's ID and the algorithm; rows that failed
// count as absent. The order is that of the new report.
func Compare(old, now *Report) Comparison {
	var c Comparison
	before := index(old)
	seen := map[string]bool{}
	for _, row := range now.Rows {
		k := key(&row)
		b, known := before[k]
		switch {
		case !usable(&row):
		case !known:
			c.New = append(c.New, k)
		default:
			seen[k] = true
			c.Ratios = append(c.Ratios, ratio(old, now, &b, &row))
		}
	}
	for _, row := range old.Rows {
		if k := key(&row); usable(&row) && !seen[k] {
			c.Lost = append(c.Lost, k)
		}
	}
	return c
}

func key(r *Row) string { return r.Device + " " + r.Algo }

// usable rows measured something that may be compared.
func usable(r *Row) bool { return r.Error == "" && r.Rate.Median > 0 }

func index(r *Report) map[string]Row {
	rows := map[string]Row{}
	for _, row := range r.Rows {
		if usable(&row) {
			rows[key(&row)] = row
		}
	}
	return rows
}

func ratio(old, now *Report, a, b *Row) Ratio {
	r := Ratio{
		Device: b.Device, Algo: b.Algo, OldName: old.name(a.Device), NewName: now.name(b.Device),
		Old: a.Rate, New: b.Rate, Ratio: b.Rate.Median / a.Rate.Median,
	}
	if a.Rate.Low != nil && b.Rate.Low != nil && *a.Rate.Low > 0 {
		r.Low, r.High = new(*b.Rate.Low / *a.Rate.High), new(*b.Rate.High / *a.Rate.Low)
	}
	return r
}

// name is what a device is called, "" when the report does not say.
func (r *Report) name(id string) string {
	if i := slices.IndexFunc(r.Devices, func(d Device) bool { return d.ID == id }); i >= 0 {
		return r.Devices[i].Name
	}
	return ""
}

// Slower lists the ratios that are slower by more than the tolerance, the worst
// first.
func (c *Comparison) Slower(tolerance float64) []Ratio {
	var list []Ratio
	for _, r := range c.Ratios {
		if r.Slower(tolerance) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Ratio) int { return cmp.Compare(a.Ratio, b.Ratio) })
	return list
}

// String says it in a few words: "opencl:0 cn/r at 0.81 of the old rate".
func (r *Ratio) String() string {
	return fmt.Sprintf("%s %s at %.2f of the old rate", r.Device, r.Algo, r.Ratio)
}
