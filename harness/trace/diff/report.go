package diff

import (
	"fmt"
	"io"

	"github.com/aditmine/adit/stratum"
)

// maxValue is how much of a value the text shows, in bytes.
const maxValue = 100

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	for _, d := range r.Differences {
		if _, err := fmt.Fprintln(w, d.text()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d differences; connections %d and %d, messages %d and %d\n", len(r.Differences),
		r.Connections[0], r.Connections[1], r.Messages[0], r.Messages[1])
	return err
}

// text is one line about one difference.
func (d *Difference) text() string {
	where := fmt.Sprintf("conn %d", d.Conn)
	if d.Message != "" {
		where += ", " + d.Message
	}
	switch {
	case d.Path == "" && d.A != "":
		return where + ": only in the first"
	case d.Path == "":
		return where + ": only in the second"
	}
	return fmt.Sprintf("%s: %q: %s, then %s", where, d.Path, shown(d.A), shown(d.B))
}

// shown shortens a value and takes out what a terminal may take badly.
func shown(v string) string {
	if v == "" {
		return "nothing"
	}
	if len(v) > maxValue {
		v = v[:maxValue] + "..."
	}
	return stratum.Printable(v)
}
