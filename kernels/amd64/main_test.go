package main

import (
	"os"
	"testing"
)

// What is committed must be what the descriptions give: assembly is not to be
// edited by hand, and a description that changes is to be run.
func TestOutputsAreUpToDate(t *testing.T) {
	for _, o := range outputs {
		texts, err := o.texts()
		if err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		for path, want := range texts {
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("%s is not up to date: go -C kernels/amd64 run . %s", path, o.name)
			}
		}
	}
}

func TestChoose(t *testing.T) {
	all, err := choose(nil)
	if err != nil || len(all) != len(outputs) {
		t.Errorf("all: %d outputs, %v", len(all), err)
	}
	one, err := choose([]string{"lanes"})
	if err != nil || len(one) != 1 || one[0].name != "lanes" {
		t.Errorf("one: %v, %v", one, err)
	}
	if _, err := choose([]string{"lanes", "none"}); err == nil {
		t.Error("an unknown name was accepted")
	}
}
