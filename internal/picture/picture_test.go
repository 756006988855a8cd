package picture_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/picture"
)

// texts returns the texts of a picture with their classes, and fails if it is not well-formed.
func texts(t *testing.T, svg string) []string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	var out []string
	class := ""
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			class = ""
			if tok.Name.Local == "text" {
				class = "text"
				for _, a := range tok.Attr {
					if a.Name.Local == "class" {
						class = a.Value
					}
				}
			}
		case xml.EndElement:
			class = ""
		case xml.CharData:
			if class != "" {
				out = append(out, class+": "+string(tok))
			}
		}
	}
}

func TestChain(t *testing.T) {
	svg := string(picture.Chain(`"steps"`, []picture.Step{{Name: "Mail address", Text: "<script>"}, {Name: "A", Text: "pass", Class: "pass"},
		{Name: "B & C", Text: "EAS_BASIC_ONLY_EMPTY_BEARER", Class: "fail"}, {Name: "D", Text: "skipped", Class: "skipped"}}, 2))
	want := []string{"text: Mail address", "v: <script>", "text: A", "v: pass", "sign: ✓", "text: B & C", "v long: EAS_BASIC_ONLY_EMPTY_BEARER", "sign: ✕",
		"text: D", "v: skipped", "sign: –"}
	if diff := cmp.Diff(append(want[:len(want):len(want)], want...), texts(t, svg)); diff != "" {
		t.Errorf("texts of both widths (-want +got):\n%s", diff)
	}
	for part, n := range map[string]int{"<svg ": 2, `<path class="broken"`: 2, `<g class="break"`: 2, `<path class="skipped"`: 2, `<path class=""`: 2, `aria-label="&#34;steps&#34;"`: 2,
		// From the second box to the third: across in four columns, and down in one.
		`d="M464 30H492"/><g class="break" transform="translate(478 30)">`: 1, `d="M164 126V135H164V144"/><g class="break" transform="translate(164 135)">`: 1} {
		if got := strings.Count(svg, part); got != n {
			t.Errorf("%d of %s, want %d:\n%s", got, part, n, svg)
		}
	}
	if svg := string(picture.Chain("x", []picture.Step{{Name: "A"}, {Name: "B"}}, -1)); strings.Contains(svg, "broken") || strings.Contains(svg, "break") || strings.Contains(svg, "sign") {
		t.Errorf("nothing is broken: %s", svg)
	}
}

// However many steps there are, each is within the picture.
func TestChainFits(t *testing.T) {
	size := regexp.MustCompile(`viewBox="0 0 (\d+) (\d+)"`)
	at := regexp.MustCompile(`<g class="step [^"]*" transform="translate\((\d+) (\d+)\)"><rect width="(\d+)" height="(\d+)"`)
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	for n := 1; n < 25; n++ {
		var steps []picture.Step
		for i := range n {
			steps = append(steps, picture.Step{Name: fmt.Sprint(i)})
		}
		for _, svg := range strings.Split(string(picture.Chain("x", steps, n-1)), "</svg>")[:2] {
			box := size.FindStringSubmatch(svg)
			found := at.FindAllStringSubmatch(svg, -1)
			if len(found) != n {
				t.Fatalf("%d of %d steps", len(found), n)
			}
			bottom := 0
			for _, m := range found {
				bottom = max(bottom, number(m[2])+number(m[4])+4)
				if number(m[1])+number(m[3])+4 > number(box[1]) || number(m[2])+number(m[4])+4 > number(box[2]) {
					t.Errorf("of %d steps one is at %v, outside of %v", n, m[1:], box[1:])
				}
			}
			if number(box[2]) != bottom {
				t.Errorf("%d steps end at %d, and the picture at %s", n, bottom, box[2])
			}
		}
	}
}

func TestTerminal(t *testing.T) {
	svg := string(picture.Terminal("go run <x>", "plain & \x1b[31mred\x1b[0m end\n\n\x1b[32mgreen over\ntwo lines\x1b[0m\n"+strings.Repeat("ä", 21)+"\n"+strings.Repeat("b", 20)+"\x1b[31mbeyond\x1b[0m\n\x1b[99munknown\x1b[0m\n\x1b[", 20))
	want := []string{"text: $ go run <x>", "text: plain & ", "r: red", "text:  end", "g: green over", "g: two lines", "text: " + strings.Repeat("ä", 19) + "…", "text: " + strings.Repeat("b", 20), "text: unknown"}
	if diff := cmp.Diff(want, texts(t, svg)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, part := range []string{
		`viewBox="0 0 192 202"`, "prefers-color-scheme: dark", `aria-label="go run &lt;x&gt;"`,
		`<text x="16" y="56" textLength="64">plain`, `<text x="80" y="56" textLength="24" class="r">red<`, `<text x="104" y="56" textLength="32"> end<`, `<text x="16" y="92" textLength="80" class="g">green`,
	} {
		if !strings.Contains(svg, part) {
			t.Errorf("the picture lacks %s:\n%s", part, svg)
		}
	}
}
