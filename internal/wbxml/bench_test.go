package wbxml_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// A Sync response as Exchange sends it.
type (
	syncResponse struct {
		_           struct{}         `wbxml:"AirSync:Sync"`
		Status      int              `wbxml:"AirSync:Status"`
		Collections []syncCollection `wbxml:"AirSync:Collections"`
	}
	syncCollection struct {
		Collection []collection `wbxml:"AirSync:Collection"`
	}
	collection struct {
		SyncKey       string    `wbxml:"AirSync:SyncKey"`
		CollectionID  string    `wbxml:"AirSync:CollectionId"`
		Status        int       `wbxml:"AirSync:Status"`
		MoreAvailable bool      `wbxml:"AirSync:MoreAvailable,empty"`
		Commands      *commands `wbxml:"AirSync:Commands"`
	}
	commands struct {
		Add []add `wbxml:"AirSync:Add"`
	}
	add struct {
		ServerID string   `wbxml:"AirSync:ServerId"`
		Data     *message `wbxml:"AirSync:ApplicationData"`
	}
	message struct {
		To             string  `wbxml:"Email:To"`
		From           string  `wbxml:"Email:From"`
		Subject        string  `wbxml:"Email:Subject"`
		DateReceived   string  `wbxml:"Email:DateReceived"`
		DisplayTo      string  `wbxml:"Email:DisplayTo"`
		ThreadTopic    string  `wbxml:"Email:ThreadTopic"`
		Importance     int     `wbxml:"Email:Importance,always"`
		Read           *bool   `wbxml:"Email:Read"`
		Body           *body   `wbxml:"AirSyncBase:Body"`
		MessageClass   string  `wbxml:"Email:MessageClass"`
		InternetCPID   int     `wbxml:"Email:InternetCPID"`
		Flag           *flag   `wbxml:"Email:Flag"`
		ContentClass   string  `wbxml:"Email:ContentClass"`
		NativeBodyType int     `wbxml:"AirSyncBase:NativeBodyType"`
		ConversationID []byte  `wbxml:"Email2:ConversationId,opaque"`
		Index          []byte  `wbxml:"Email2:ConversationIndex,opaque"`
		Categories     *string `wbxml:"Email:Categories"`
	}
	body struct {
		Type              int    `wbxml:"AirSyncBase:Type"`
		EstimatedDataSize int    `wbxml:"AirSyncBase:EstimatedDataSize"`
		Truncated         bool   `wbxml:"AirSyncBase:Truncated"`
		Data              string `wbxml:"AirSyncBase:Data"`
	}
	flag struct {
		Status int `wbxml:"Email:Status"`
	}
)

// sync100 is a response of 100 messages with a body of 1 KiB each.
func sync100() *syncResponse {
	text := strings.Repeat("It was the best of times, it was the worst of times, and so on.\n", 16)
	unread := false
	none := ""
	var list []add
	for i := range 100 {
		list = append(list, add{fmt.Sprintf("5:%d", i), &message{
			To: `"Ada" <ada@contoso.com>`, From: `"Bob" <bob@fabrikam.com>`,
			Subject: fmt.Sprintf("Message number %d", i), DateReceived: "2026-03-01T12:00:00.000Z",
			DisplayTo: "Ada", ThreadTopic: fmt.Sprintf("Message number %d", i),
			Importance: 1, Read: &unread, MessageClass: "IPM.Note", InternetCPID: 65001,
			Body: &body{1, len(text), false, text}, Flag: &flag{}, ContentClass: "urn:content-classes:message",
			NativeBodyType: 2, ConversationID: []byte("0123456789abcdef"), Index: []byte("01234"), Categories: &none,
		}})
	}
	return &syncResponse{Status: 1, Collections: []syncCollection{{[]collection{{
		SyncKey: "1997433074", CollectionID: "5", Status: 1, MoreAvailable: true, Commands: &commands{list},
	}}}}}
}

func marshalSync100(tb testing.TB) []byte {
	b, err := wbxml.Marshal(sync100())
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func BenchmarkDecodeSync100(b *testing.B) {
	doc := marshalSync100(b)
	b.Run("typed", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		var v syncResponse
		for b.Loop() {
			if err := wbxml.Unmarshal(doc, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("typed from reader", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		var v syncResponse
		r := bytes.NewReader(nil)
		for b.Loop() {
			r.Reset(doc)
			if err := wbxml.UnmarshalRead(r, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tokens", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		d := wbxml.NewDecoder(nil)
		for b.Loop() {
			d.ResetBytes(doc)
			if err := readAll(d); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tokens from reader", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		r := bytes.NewReader(nil)
		d := wbxml.NewDecoder(nil)
		for b.Loop() {
			r.Reset(doc)
			d.Reset(r)
			if err := readAll(d); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("xml", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			if err := wbxml.ToXML(io.Discard, bytes.NewReader(doc), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func readAll(d *wbxml.Decoder) error {
	for {
		if _, err := d.ReadToken(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func BenchmarkEncodeSync100(b *testing.B) {
	v := sync100()
	doc := marshalSync100(b)
	b.Run("typed", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := wbxml.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("typed to writer", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			if err := wbxml.MarshalWrite(io.Discard, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tokens", func(b *testing.B) {
		tokens := tokensOf(b, doc)
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		e := wbxml.NewEncoder(nil)
		for b.Loop() {
			e.Reset(io.Discard)
			for _, t := range tokens {
				if err := e.WriteToken(t); err != nil {
					b.Fatal(err)
				}
			}
			if err := e.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// tokensOf returns the tokens of a document, which share memory with it.
func tokensOf(tb testing.TB, doc []byte) []wbxml.Token {
	tb.Helper()
	d := wbxml.NewDecoder(nil)
	d.ResetBytes(doc)
	var tokens []wbxml.Token
	for {
		t, err := d.ReadToken()
		if err == io.EOF {
			return tokens
		}
		if err != nil {
			tb.Fatal(err)
		}
		tokens = append(tokens, t)
	}
}
