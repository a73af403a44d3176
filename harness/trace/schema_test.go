package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// validator checks values against the keywords of JSON Schema that the schema
// uses; any other keyword fails the test.
type validator struct{ root map[string]any }

func newValidator(t testing.TB) *validator {
	t.Helper()
	v := &validator{}
	require.NoError(t, json.Unmarshal([]byte(Schema()), &v.root))
	return v
}

// line checks one line of a file.
func (v *validator) line(line []byte) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return err
	}
	return v.check(v.root, value)
}

func (v *validator) check(schema, value any) error {
	if schema == true {
		return nil
	}
	for keyword, arg := range schema.(map[string]any) {
		if err := v.keyword(keyword, arg, value); err != nil {
			return err
		}
	}
	return nil
}

func (v *validator) keyword(keyword string, arg, value any) error {
	switch keyword {
	case "$schema", "$id", "title", "description", "$defs":
		return nil
	case "$ref":
		name := strings.TrimPrefix(arg.(string), "#/$defs/")
		return v.check(v.root["$defs"].(map[string]any)[name], value)
	case "oneOf", "anyOf":
		return v.some(keyword, arg.([]any), value)
	case "not":
		if v.check(arg, value) == nil {
			return fmt.Errorf("%v is what it must not be", value)
		}
		return nil
	case "const":
		return isOneOf([]any{arg}, value)
	case "enum":
		return isOneOf(arg.([]any), value)
	case "type":
		return hasType(arg.(string), value)
	}
	return v.inside(keyword, arg, value)
}

// inside checks the keywords that look into a value of one type and say
// nothing about others.
func (v *validator) inside(keyword string, arg, value any) error {
	switch value := value.(type) {
	case string:
		switch keyword {
		case "pattern":
			if !regexp.MustCompile(arg.(string)).MatchString(value) {
				return fmt.Errorf("%q does not match %v", value, arg)
			}
			return nil
		case "minLength":
			if len(value) < int(arg.(float64)) {
				return fmt.Errorf("%q is too short", value)
			}
			return nil
		}
	case json.Number:
		if n, err := value.Float64(); keyword == "minimum" && (err != nil || n < arg.(float64)) {
			return fmt.Errorf("%v is below %v", value, arg)
		}
	case map[string]any:
		return v.object(keyword, arg, value)
	case []any:
		return v.array(keyword, arg, value)
	}
	switch keyword {
	case "pattern", "minLength", "minimum", "required", "properties", "items", "prefixItems", "minItems":
		return nil
	}
	panic("the schema uses a keyword this test does not know: " + keyword)
}

func (v *validator) object(keyword string, arg any, value map[string]any) error {
	switch keyword {
	case "required":
		for _, name := range arg.([]any) {
			if _, there := value[name.(string)]; !there {
				return fmt.Errorf("%v is missing", name)
			}
		}
	case "properties":
		for name, schema := range arg.(map[string]any) {
			if member, there := value[name]; there {
				if err := v.check(schema, member); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	}
	return nil
}

func (v *validator) array(keyword string, arg any, value []any) error {
	switch keyword {
	case "minItems":
		if len(value) < int(arg.(float64)) {
			return fmt.Errorf("%d members are too few", len(value))
		}
	case "prefixItems":
		for i, schema := range arg.([]any) {
			if i < len(value) {
				if err := v.check(schema, value[i]); err != nil {
					return err
				}
			}
		}
	case "items":
		for _, member := range value {
			if err := v.check(arg, member); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *validator) some(keyword string, schemas []any, value any) error {
	fit, last := 0, error(nil)
	for _, s := range schemas {
		if err := v.check(s, value); err == nil {
			fit++
		} else {
			last = err
		}
	}
	if fit == 0 || keyword == "oneOf" && fit > 1 {
		return fmt.Errorf("%d of %s fit: %w", fit, keyword, last)
	}
	return nil
}

func isOneOf(list []any, value any) error {
	for _, want := range list {
		if n, ok := value.(json.Number); ok {
			if f, err := n.Float64(); err == nil && reflect.DeepEqual(want, f) {
				return nil
			}
		}
		if reflect.DeepEqual(want, value) {
			return nil
		}
	}
	return fmt.Errorf("%v is none of %v", value, list)
}

func hasType(want string, value any) error {
	got := "null"
	switch value := value.(type) {
	case string:
		got = "string"
	case bool:
		got = "boolean"
	case map[string]any:
		got = "object"
	case []any:
		got = "array"
	case json.Number:
		got = "number"
		if !strings.ContainsAny(value.String(), ".eE") {
			got = "integer"
		}
	}
	if got != want {
		return fmt.Errorf("%v is no %s", value, want)
	}
	return nil
}

// TestWriterKeepsTheSchema: what this package writes fits its own schema.
func TestWriterKeepsTheSchema(t *testing.T) {
	v := newValidator(t)
	files := [][]byte{writeSample(t, false, 2), writeRedacted(t)}
	_, _, salvaged := rewritten(t, files[0][:len(files[0])/2], RewriteOptions{})
	for _, file := range append(files, salvaged) {
		for line := range bytes.Lines(file) {
			require.NoError(t, v.line(line), "%s", line)
		}
	}
}

// TestSchemaRefusesWhatTheReaderRefuses, and takes what it takes.
func TestSchemaRefusesWhatTheReaderRefuses(t *testing.T) {
	v := newValidator(t)
	for _, line := range []string{
		`{"mtrace":2}`, `{}`, `[1,">",1]`, `[]`, `7`, `null`, `[1.5,">",1,""]`, `[-1,">",1,""]`, `[1,2,1,""]`,
		`[1,"",1,""]`, `[1,">",-1,""]`, `[1,">",1,7]`, `[1,">",1,null]`, `[1,"<",1,{}]`, `[1,"<",1,{"b64":"!"}]`,
		`[1,"<",1,{"len":0}]`, `[1,"o",1,null]`, `[1,"o",1,[]]`, `[1,"x",1,"fin"]`, `[1,"h",1,{}]`, `[1,"m",1,[]]`,
		`[1,"k",0,{"n":0,"crc32c":"00000000","off":-5}]`, `[1,"e",0,null]`, `[1,"a",1,{"in":-1,"verdict":"x"}]`,
		`[1,">",1,"a",{"d":"much"}]`,
	} {
		require.Error(t, v.line([]byte(line)), line)
		if line[0] == '[' {
			_, _, err := parseEvent([]byte(line))
			require.Error(t, err, line)
		}
	}
	for _, line := range []string{
		`{"mtrace":1,"later":{}}`, `[1,"q",0,{"any":1}]`, `[1,"zz",0,null]`, `[1,">",1,"a",{"new":[1]},"more"]`,
		`[1,"o",3,{"peer":"c3","tls":"TLS 1.3","proxyproto":2}]`,
	} {
		require.NoError(t, v.line([]byte(line)), line)
	}
}
