package wbxml_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// folderSync is the request of FolderSync, [MS-ASCMD] 2.2.1.5.
type folderSync struct {
	_       struct{} `wbxml:"FolderHierarchy:FolderSync"`
	SyncKey string   `wbxml:"FolderHierarchy:SyncKey"`
}

func ExampleMarshal() {
	b, err := wbxml.Marshal(&folderSync{SyncKey: "0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("% x\n", b)
	// Output: 03 01 6a 00 00 07 56 52 03 30 00 01 01
}

func ExampleUnmarshal() {
	var answer struct {
		_      struct{} `wbxml:"FolderHierarchy:FolderSync"`
		Status int      `wbxml:"FolderHierarchy:Status"`
		Key    *string  `wbxml:"FolderHierarchy:SyncKey"`
	}
	b := []byte(wbxml.Header + "\x00\x07\x56\x4c\x03142\x00\x01\x01")
	if err := wbxml.Unmarshal(b, &answer); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Status, answer.Key == nil)
	// Output: 142 true
}

// A server that sends what is not a number is told from one that sends 0.
func ExampleDecodeError() {
	var answer struct {
		_      struct{} `wbxml:"AirSync:Sync"`
		Status int      `wbxml:"AirSync:Status"`
	}
	err := wbxml.Unmarshal([]byte(wbxml.Header+"\x45\x4e\x03junk\x00\x01\x01"), &answer)
	var decode *wbxml.DecodeError
	fmt.Println(errors.As(err, &decode), err)
	// Output: true wbxml: AirSync:Sync/AirSync:Status at offset 5: not a number
}

func ExampleDecoder() {
	d := wbxml.NewDecoder(strings.NewReader(wbxml.Header + "\x45\x4b\x030\x00\x01\x14\x01"))
	for {
		t, err := d.ReadToken()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(t)
	}
	// Output:
	// start AirSync:Sync
	// start AirSync:SyncKey
	// text of 1 bytes
	// end AirSync:SyncKey
	// start AirSync:MoreAvailable
	// end AirSync:MoreAvailable
	// end AirSync:Sync
	// EOF
}

// Opaque data of any length goes to a writer without standing in memory.
func ExampleDecoder_TextTo() {
	d := wbxml.NewDecoder(strings.NewReader(wbxml.Header + "\x00\x15\x50\xc3\x0bTo: ada@…\x01"))
	if _, err := d.ReadToken(); err != nil {
		fmt.Println(err)
		return
	}
	n, err := d.TextTo(os.Stdout)
	fmt.Printf(" %d bytes, %v\n", n, err)
	// Output: To: ada@… 11 bytes, <nil>
}

func ExampleEncoder() {
	var w bytes.Buffer
	e := wbxml.NewEncoder(&w)
	err := errors.Join(
		e.Start(wbxml.ComposeMailSendMail),
		e.Element(wbxml.ComposeMailClientId, "1"),
		e.Empty(wbxml.ComposeMailSaveInSentItems),
		e.Start(wbxml.ComposeMailMime),
		e.OpaqueFrom(strings.NewReader("To: ada"), 7),
		e.End(),
		e.End(),
		e.Close(),
	)
	fmt.Printf("%q %v\n", w.String(), err)
	// Output: "\x03\x01j\x00\x00\x15EQ\x031\x00\x01\bP\xc3\aTo: ada\x01\x01" <nil>
}

func ExampleToXML() {
	b := wbxml.Header + "\x00\x15\x45\x51\x031\x00\x01\x08\x50\xc3\x09To: ada\r\n\x01\x01"
	err := wbxml.ToXML(os.Stdout, strings.NewReader(b), &wbxml.XMLOptions{Indent: "  "})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// <?xml version="1.0" encoding="utf-8"?>
	// <SendMail xmlns="ComposeMail">
	//   <ClientId>1</ClientId>
	//   <SaveInSentItems/>
	//   <Mime><?opaque?>To: ada&#xD;
	// </Mime>
	// </SendMail>
}

func ExampleLookup() {
	tag, ok := wbxml.Lookup("AirSyncBase", "Body")
	fmt.Println(tag, ok, tag.Page(), tag.Token())
	first, last := tag.Versions()
	fmt.Println(first, last)
	// Output:
	// AirSyncBase:Body true 17 10
	// 12.0 16.1
}
