package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/api"
	"github.com/aditmine/adit/miner/watchdog"
)

// deploy is where the dashboard and the rules are.
const deploy = "../../deploy"

// wholeEngine is an engine that has everything to tell.
type wholeEngine struct{}

func (wholeEngine) Pause()  {}
func (wholeEngine) Resume() {}
func (wholeEngine) Snapshot() miner.Snapshot {
	return miner.Snapshot{Time: time.Unix(2000, 0), Started: time.Unix(1000, 0), Workers: []miner.Worker{
		{Info: hash.SearcherInfo{Backend: "cuda", Device: "CUDA 0", Bus: "0000:01:00.0"}, Rates: miner.Rates{Recent: 5},
			Watch: &watchdog.Status{}},
	}}
}

// exported are the metrics that adit really shows, with their labels.
func exported(t *testing.T) map[string]map[string]bool {
	t.Helper()
	var card telemetry.State
	card.Bus = "0000:01:00.0"
	for _, q := range telemetry.Quantities() {
		card.Values.Set(q, map[bool]string{true: "x"}[q.Info().Label != ""], 1)
	}
	handler, err := api.NewHandler(api.Config{Engine: wholeEngine{}, Telemetry: func() telemetry.Snapshot {
		return telemetry.Snapshot{Sources: []telemetry.Status{{Source: "x"}}, Cards: []telemetry.State{card}}
	}})
	require.NoError(t, err)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	require.NoError(t, err)
	out := map[string]map[string]bool{"up": {}}
	for name, family := range families {
		out[name] = map[string]bool{}
		for _, l := range family.GetMetric()[0].GetLabel() {
			out[name][l.GetName()] = true
		}
	}
	return out
}

// dashboardQueries are all queries of the dashboard, by where they stand.
func dashboardQueries(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, "grafana", "adit-rigs.json"))
	require.NoError(t, err)
	var dashboard struct {
		Title, UID string
		Templating struct {
			List []struct {
				Type, Name, Definition string
			}
		}
		Panels []struct {
			ID      int
			Type    string
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))
	require.NotEmpty(t, dashboard.UID)
	out := map[string]string{}
	seen := map[int]bool{}
	for _, p := range dashboard.Panels {
		require.False(t, seen[p.ID], "panel %d is there twice", p.ID)
		seen[p.ID] = true
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		require.True(t, p.Type == "row" || len(p.Targets) > 0, p.Title)
		for i, target := range p.Targets {
			out[p.Title+" "+string(rune('A'+i))] = target.Expr
		}
	}
	for _, v := range dashboard.Templating.List {
		if inner := regexp.MustCompile(`^label_values\((.*), \w+\)$`).FindStringSubmatch(v.Definition); inner != nil {
			out["variable "+v.Name] = inner[1]
		} else {
			require.Equal(t, "datasource", v.Type)
		}
	}
	require.Greater(t, len(out), 20)
	return out
}

// ruleQueries are those of the alert rules.
func ruleQueries(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, "prometheus", "adit-alerts.yml"))
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	out := map[string]string{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			out[r.Alert] = r.Expr
		}
	}
	require.Greater(t, len(out), 8)
	return out
}

var (
	metricName = regexp.MustCompile(`\b(?:adit_\w+|up)\b`)
	selector   = regexp.MustCompile(`\b(adit_\w+)\{([^}]*)\}`)
	labelName  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	grouping   = regexp.MustCompile(`\b(?:by|on|without) \(([^)]*)\)`)
)

// TestQueriesAskForWhatThereIs: every metric and label that the dashboard and
// the rules name is one that adit shows, or one that Prometheus adds.
func TestQueriesAskForWhatThereIs(t *testing.T) {
	metrics := exported(t)
	require.Contains(t, metrics, "adit_gpu_temperature_celsius")
	require.Contains(t, metrics, "adit_miner_device_hashes_per_joule")
	for _, queries := range []map[string]string{dashboardQueries(t), ruleQueries(t)} {
		for where, query := range queries {
			for _, problem := range problemsOf(query, metrics) {
				t.Errorf("%s: %s", where, problem)
			}
		}
	}
	require.Len(t, problemsOf(`adit_gpu_nothing{bus="1"} + adit_gpu_lost{colour="red"}`, metrics), 2, "a wrong query is seen")
}

func problemsOf(query string, metrics map[string]map[string]bool) (problems []string) {
	known := map[string]bool{"instance": true, "job": true}
	for _, name := range metricName.FindAllString(query, -1) {
		if metrics[name] == nil {
			problems = append(problems, "there is no metric "+name)
		}
		for label := range metrics[name] {
			known[label] = true
		}
	}
	for _, s := range selector.FindAllStringSubmatch(query, -1) {
		for _, l := range labelName.FindAllStringSubmatch(s[2], -1) {
			if labels := metrics[s[1]]; labels != nil && !labels[l[1]] && l[1] != "instance" && l[1] != "job" {
				problems = append(problems, s[1]+" has no label "+l[1])
			}
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(query, -1) {
		for _, label := range strings.Split(g[1], ",") {
			if !known[strings.TrimSpace(label)] {
				problems = append(problems, "no metric of it has the label "+label)
			}
		}
	}
	return problems
}

// TestEveryMetricIsDocumented holds docs/telemetry.md to what is shown.
func TestEveryMetricIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/telemetry.md")
	require.NoError(t, err)
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("`(adit_\\w+)`").FindAllStringSubmatch(string(text), -1) {
		documented[m[1]] = true
	}
	shown := exported(t)
	for name := range shown {
		if strings.HasPrefix(name, "adit_gpu_") || strings.HasPrefix(name, "adit_telemetry_") || strings.HasPrefix(name, "adit_miner_device_") {
			require.True(t, documented[name], "%s is not in docs/telemetry.md", name)
		}
	}
	for name := range documented {
		require.True(t, shown[name] != nil || name == "adit_gpu_", "%s of docs/telemetry.md does not exist", name)
	}
}

// TestPromtool runs the rules' own tests, and has the dashboard's queries
// parsed.
func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("ADIT_REQUIRE_REAL") == "1" {
			t.Fatal("promtool is missing, and ADIT_REQUIRE_REAL=1 wants it: apt-get install prometheus")
		}
		t.Skip("promtool is missing (apt-get install prometheus): the alert rules were not tried")
	}
	run := func(args ...string) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput()
		require.NoError(t, err, "promtool %s\n%s", strings.Join(args, " "), out)
	}
	run("test", "rules", filepath.Join(deploy, "prometheus", "adit-alerts_test.yml"))
	run("check", "config", filepath.Join(deploy, "prometheus", "prometheus.yml"))

	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var rules []rule
	grafana := strings.NewReplacer("$__range", "6h", "$__rate_interval", "5m", "$instance", ".*", "$bus", ".*")
	for _, query := range dashboardQueries(t) {
		rules = append(rules, rule{"adit:query" + string(rune('a'+len(rules)%26)) + strings.Repeat("x", len(rules)/26), grafana.Replace(query)})
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "dashboard.yml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	run("check", "rules", file)
}
