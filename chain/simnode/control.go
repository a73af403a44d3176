package simnode

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ControlPath is where the control endpoints of a simulated node begin.
const ControlPath = "/sim/"

// maxCount bounds the numbers that control endpoints take.
const maxCount = 100_000

// Action is one control endpoint, POST /sim/<Name>.
type Action struct {
	Name string
	Help string // one line: parameters and effect
	// Do acts. What it returns is sent back as JSON; an error becomes status
	// 400 and {"error": text}.
	Do func(url.Values) (any, error)
}

// Control serves actions below ControlPath. Parameters come in the query or
// as a form. GET /sim/ lists the actions as text.
func Control(actions ...Action) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+ControlPath+"{$}", func(w http.ResponseWriter, _ *http.Request) {
		var help strings.Builder
		for _, a := range actions {
			fmt.Fprintf(&help, "POST %s%s\n", ControlPath, a.Help)
		}
		fmt.Fprint(w, help.String())
	})
	for _, a := range actions {
		mux.Handle("POST "+ControlPath+a.Name, a)
	}
	return mux
}

// ServeHTTP runs the action.
func (a Action) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "the parameters cannot be read"})
		return
	}
	answer, err := a.Do(r.Form)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	if answer == nil {
		answer = map[string]bool{"ok": true}
	}
	writeJSON(w, http.StatusOK, answer)
}

// Count reads a whole number from 1 to 100000 among the parameters of an
// action; a missing one is byDefault.
func Count(q url.Values, name string, byDefault int) (int, error) {
	s := q.Get(name)
	if s == "" {
		return byDefault, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxCount {
		return 0, fmt.Errorf("%s=%q is not a number from 1 to %d", name, s, maxCount)
	}
	return n, nil
}

// Bool reads a truth value among the parameters of an action: 1, true, 0,
// false.
func Bool(q url.Values, name string) (bool, error) {
	v, err := strconv.ParseBool(q.Get(name))
	if err != nil {
		return false, fmt.Errorf("%s=%q is neither true nor false", name, q.Get(name))
	}
	return v, nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) //nolint:errcheck // the caller left
}
