package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// document is the OpenAPI 3.1 description of /api/v1, made from the routes and
// the types of what they answer.
func (s *Server) document() (*answer, error) {
	a := (&cache{}).get(nil, "", func() (any, error) { return openAPI(s.routes()), nil })
	return a, a.err
}

// object is a JSON object.
type object map[string]any

func openAPI(routes []route) object {
	schemas, paths := object{}, object{}
	for _, r := range routes {
		item, ok := paths[r.path].(object)
		if !ok {
			item = object{}
			paths[r.path] = item
		}
		item[strings.ToLower(r.method)] = operation(r, schemas)
	}
	paths["/api/v1/events"] = object{"get": object{
		"summary":     "Live figures, as Server-Sent Events",
		"description": "Every second an event named figures, whose data is what /api/v1/pool answers.",
		"responses": object{
			"200": object{"description": "a stream without end", "content": object{"text/event-stream": object{"schema": object{"type": "string"}}}},
			"503": problem(schemas, "too many follow it already"),
		},
	}}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "adit pool", "version": "1",
			"description": "Figures of a mining pool, and what its administrator can do. Amounts of money are in atomic units, as decimals in quotes. Times are RFC 3339.",
		},
		"paths": paths,
		"components": object{
			"schemas":         schemas,
			"securitySchemes": object{"administrator": object{"type": "http", "scheme": "bearer", "description": "The token in the file that [api] token_file names. Needs TLS, unless it stays on the machine."}},
		},
	}
}

func operation(r route, schemas object) object {
	op := object{
		"summary":   r.summary,
		"responses": object{"200": object{"description": "the answer", "content": asJSON(schemaOf(reflect.TypeOf(r.answer), schemas))}, "default": problem(schemas, "an error")},
	}
	if params := parameters(r); len(params) > 0 {
		op["parameters"] = params
	}
	if r.body != nil {
		op["requestBody"] = object{"required": true, "content": asJSON(schemaOf(reflect.TypeOf(r.body), schemas))}
	}
	if r.admin {
		op["security"] = []any{object{"administrator": []any{}}}
	}
	return op
}

func parameters(r route) (list []any) {
	for part := range strings.SplitSeq(r.path, "/") {
		if strings.HasPrefix(part, "{") {
			list = append(list, object{"name": strings.Trim(part, "{}"), "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	for _, p := range r.query {
		list = append(list, object{"name": p.name, "in": "query", "description": p.doc, "schema": object{"type": "string"}})
	}
	return list
}

func problem(schemas object, text string) object {
	return object{"description": text, "content": asJSON(schemaOf(reflect.TypeFor[Problem](), schemas))}
}

func asJSON(schema object) object { return object{"application/json": object{"schema": schema}} }

// schemaOf describes a type. Structs become schemas of their own.
func schemaOf(t reflect.Type, schemas object) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[Atomic]():
		return object{"type": "string", "pattern": "^[0-9]+$"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		inner := schemaOf(t.Elem(), schemas)
		inner["type"] = []any{inner["type"], "null"}
		return inner
	case reflect.Slice:
		return object{"type": "array", "items": schemaOf(t.Elem(), schemas)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": schemaOf(t.Elem(), schemas)}
	case reflect.Struct:
		if schemas[t.Name()] == nil {
			schemas[t.Name()] = object{} // so that a type may refer to itself
			schemas[t.Name()] = structSchema(t, schemas)
		}
		return object{"$ref": "#/components/schemas/" + t.Name()}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "integer"}
}

func structSchema(t reflect.Type, schemas object) object {
	properties, required := object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, tagged := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" {
			continue // its fields are visible themselves
		}
		property := schemaOf(f.Type, schemas)
		if doc := f.Tag.Get("doc"); doc != "" {
			property["description"] = doc
		}
		properties[name] = property
		if !tagged || options != "omitempty" {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	return object{"type": "object", "properties": properties, "required": required}
}

// Document is the OpenAPI document, for those who want it as a file.
func Document() ([]byte, error) {
	return json.MarshalIndent(openAPI((&Server{}).routes()), "", "  ")
}
