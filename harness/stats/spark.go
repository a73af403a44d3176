package stats

import (
	"math"
	"strings"
	"time"
)

// Point is one value of a series that holds until the next point.
type Point struct {
	At    time.Duration `json:"t_ns"`
	Value uint64        `json:"v"`
}

// blocks are the heights of a sparkline, lowest first.
var blocks = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws a step series between two times in so many characters, on
// a logarithmic scale from its smallest to its largest value. Columns before
// the first point are blank; a constant series is drawn in the middle.
func Sparkline(series []Point, from, to time.Duration, width int) string {
	if len(series) == 0 || width <= 0 {
		return ""
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range series {
		v := math.Log2(float64(max(p.Value, 1)))
		low, high = min(low, v), max(high, v)
	}
	var out strings.Builder
	next := 0
	for col := range width {
		end := from + time.Duration(float64(to-from)*float64(col+1)/float64(width))
		for next < len(series) && series[next].At <= end {
			next++
		}
		if next == 0 {
			out.WriteByte(' ')
			continue
		}
		out.WriteRune(block(math.Log2(float64(max(series[next-1].Value, 1))), low, high))
	}
	return out.String()
}

// block picks the height of v between low and high.
func block(v, low, high float64) rune {
	if high <= low {
		return blocks[len(blocks)/2]
	}
	return blocks[int(math.Round((v-low)/(high-low)*float64(len(blocks)-1)))]
}
