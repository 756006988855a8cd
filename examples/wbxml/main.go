// Wbxml shows captures of ActiveSync traffic as XML, and turns XML into the binary form.
//
//	go run ./examples/wbxml                 an embedded sample
//	go run ./examples/wbxml body.bin …      files that hold a body as it was sent, or in hex or base64
//	go run ./examples/wbxml -               standard input
//	go run ./examples/wbxml -strict …       refuses what the ActiveSync profile does not allow
//	go run ./examples/wbxml -e sync.xml     XML to WBXML; add -hex to see it
//
// Of a faulty document the part before the fault is shown, and the offset of the fault.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// sample is an answer to Sync with one contact, from [MS-ASWBXML] section 3.
const sample = `
03 01 6a 00 45 5c 4f 50 03 43 6f 6e 74 61 63 74 73 00 01 4b 03 32 00 01 52 03 32 00 01 4e 03 31 00
01 56 47 4d 03 32 3a 31 00 01 5d 00 11 4a 46 03 31 00 01 4c 03 30 00 01 4d 03 31 00 01 01 00 01 5e
03 46 75 6e 6b 2c 20 44 6f 6e 00 01 5f 03 44 6f 6e 00 01 69 03 46 75 6e 6b 00 01 00 11 56 03 31 00
01 01 01 01 01 01 01`

func main() {
	var encode, asHex, strict bool
	(&account.Tool{
		Name:  "wbxml",
		Usage: "wbxml [flags] [file … | -]",
		Args:  1000,
		Flags: func(fs *flag.FlagSet) {
			fs.BoolVar(&encode, "e", false, "turn XML into WBXML")
			fs.BoolVar(&asHex, "hex", false, "print WBXML in hex")
			fs.BoolVar(&strict, "strict", false, "refuse what the ActiveSync profile of WBXML does not allow")
		},
		Run: func(ctx context.Context, fs *flag.FlagSet, in io.Reader, out, _ io.Writer) error {
			show := func(input []byte) error {
				if encode {
					return fromXML(out, input, asHex)
				}
				return toXML(out, input, strict)
			}
			switch {
			case fs.NArg() > 0:
			case encode:
				return account.Misuse("-e needs a file, or - for standard input")
			default:
				return show([]byte(sample))
			}
			var failed []error
			for _, name := range fs.Args() {
				input, err := account.Await(ctx, func() ([]byte, error) { return read(name, in) })
				if err == nil {
					err = show(input)
				}
				if err != nil {
					failed = append(failed, fmt.Errorf("%s: %w", name, err))
				}
			}
			return errors.Join(failed...)
		},
	}).Main()
}

func read(name string, in io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(name)
}

func toXML(w io.Writer, input []byte, strict bool) error {
	b, err := binary(input)
	if err != nil {
		return err
	}
	return wbxml.ToXML(w, bytes.NewReader(b), &wbxml.XMLOptions{
		Indent: "  ",
		Decode: &wbxml.Options{Strict: strict},
	})
}

func fromXML(w io.Writer, input []byte, asHex bool) error {
	var b bytes.Buffer
	if err := wbxml.FromXML(&b, bytes.NewReader(input)); err != nil {
		return err
	}
	if asHex {
		_, err := fmt.Fprintf(w, "%x\n", b.Bytes())
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// binary returns the document in input: as it is when it begins with a version of WBXML,
// otherwise decoded from hex, which may have spaces, colons and 0x before it, or base64.
func binary(input []byte) ([]byte, error) {
	if len(input) == 0 || input[0] <= 0x03 {
		return input, nil
	}
	text := strings.Join(strings.Fields(string(input)), "")
	digits := strings.ReplaceAll(strings.TrimPrefix(text, "0x"), ":", "")
	if b, err := hex.DecodeString(digits); err == nil {
		return b, nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(text); err == nil {
			return b, nil
		}
	}
	return nil, errors.New("neither WBXML nor hex nor base64")
}
