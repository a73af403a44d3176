package trace

import _ "embed" // for the schema

//go:embed mtrace.schema.json
var schema string

// Schema is the JSON Schema (draft 2020-12) of a line of a trace: what a
// reader in another language can check files with. It describes lines one by
// one; checksums, order and limits are in docs/trace-format.md.
func Schema() string { return schema }
