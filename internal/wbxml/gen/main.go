// Command gen writes tags_gen.go from codepages.tsv. It runs in the folder of package wbxml.
//
// The columns of the table are
//
//	page, namespace   the code page and its name
//	token, element    the token and the name of the element
//	type              bytes for a byte array ([MS-ASDTYPE] 2.7.1), else text
//	state             current, or legacy for what [MS-ASWBXML] 22.2 no longer lists
//	first, last       the protocol versions that define a current token
//	source            who gives the token this name: the specification; interop, the
//	                  OfficeDev/Interop-TestSuites; zpush, grommunio, horde, libwbxml, aosp,
//	                  hstern, remdev, tbsync, wireshark, the tables of implementations
//	aliases           names of the element in implementations, by which FromXML reads it
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"os"
	"strconv"
	"strings"
)

// A row is one token of codepages.tsv.
type row struct {
	page, token         int
	namespace, element  string
	bytes, legacy       bool
	first, last, source string
	aliases             []string
}

// versions are the protocol versions in the order of their index in the generated table;
// index 0 stands for a token that no version of the specification lists.
var versions = []string{"", "2.5", "12.0", "12.1", "14.0", "14.1", "16.0", "16.1"}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	rows, err := read("codepages.tsv")
	if err != nil {
		log.Fatal(err)
	}
	src, err := generate(rows)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("tags_gen.go", src, 0o644); err != nil {
		log.Fatal(err)
	}
}

func read(name string) ([]row, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	seen := map[string]bool{}
	var rows []row
	for i, line := range lines[1:] {
		f := strings.Split(line, "\t")
		if len(f) == 9 {
			f = append(f, "")
		}
		if len(f) != 10 {
			return nil, fmt.Errorf("%s:%d: %d columns, want 10", name, i+2, len(f))
		}
		page, err := strconv.ParseUint(f[0], 10, 8)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+2, err)
		}
		token, err := strconv.ParseUint(f[2], 0, 6)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+2, err)
		}
		r := row{
			page: int(page), token: int(token), namespace: f[1], element: f[3],
			bytes: f[4] == "bytes", legacy: f[5] == "legacy", first: f[6], last: f[7], source: f[8],
		}
		if f[9] != "" {
			r.aliases = strings.Split(f[9], ";")
		}
		for _, n := range append([]string{r.element, f[2]}, r.aliases...) {
			key := f[0] + " " + n
			if seen[key] {
				return nil, fmt.Errorf("%s:%d: %s twice on page %s", name, i+2, n, f[0])
			}
			seen[key] = true
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func generate(rows []row) ([]byte, error) {
	var b bytes.Buffer
	pages := rows[len(rows)-1].page + 1
	b.WriteString("// Code generated from codepages.tsv by gen; DO NOT EDIT.\n\npackage wbxml\n\n")
	b.WriteString("// The tags of the code pages, named by namespace and element ([MS-ASWBXML] 2.1.2.1).\nconst (\n")
	for i, r := range rows {
		if i > 0 && rows[i-1].page != r.page {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s%s Tag = 0x%02X%02X\n", r.namespace, r.element, r.page, r.token)
	}
	b.WriteString(")\n\n")
	fmt.Fprintf(&b, "const pages = %d\n\n", pages)

	b.WriteString("var namespaces = [pages]string{\n")
	for i, r := range rows {
		if i == 0 || rows[i-1].page != r.page {
			fmt.Fprintf(&b, "%d: %q,\n", r.page, r.namespace)
		}
	}
	b.WriteString("}\n\nvar elements = [pages][64]element{\n")
	for i, r := range rows {
		if i == 0 || rows[i-1].page != r.page {
			fmt.Fprintf(&b, "%d: {\n", r.page)
		}
		fmt.Fprintf(&b, "0x%02X: {%q, %d, %d, %d},\n", r.token, r.element, version(r.first), version(r.last), flags(r))
		if i == len(rows)-1 || rows[i+1].page != r.page {
			b.WriteString("},\n")
		}
	}
	b.WriteString("}\n\n// aliases are the names that other implementations print.\nvar aliases = []alias{\n")
	for _, r := range rows {
		for _, a := range r.aliases {
			fmt.Fprintf(&b, "{%q, 0x%02X%02X},\n", a, r.page, r.token)
		}
	}
	b.WriteString("}\n")
	return format.Source(b.Bytes())
}

func version(v string) int {
	for i, known := range versions {
		if v == known {
			return i
		}
	}
	log.Fatalf("unknown version %q", v)
	return 0
}

func flags(r row) int {
	n := 0
	if r.bytes {
		n |= 1
	}
	if r.legacy {
		n |= 2
	}
	return n
}
