package eas

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// The namespaces of [MS-ASCMD] 2.2.1.1.
const (
	autodiscoverRequest  = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"
	autodiscoverResponse = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
	autodiscoverPath     = "/autodiscover/autodiscover.xml"
)

// A Discovery is the result of [Client.Autodiscover].
type Discovery struct {
	DisplayName, Email string
	Culture            string
	// Redirect is the address to look up instead; the other fields are then empty.
	Redirect string
	URL      *url.URL // of ActiveSync; nil if the server named none
	// CertificateURL is where certificates are enrolled; "" if nowhere.
	CertificateURL string
}

// Autodiscover sends the Autodiscover command to the host of the client, with its token:
// [MS-ASCMD] 2.2.1.1. A program that has only a mail address uses package autodiscover. The URL of
// the result may be at another host, for which the token is not valid. Errors of the server are an
// [*Error].
func (c *Client) Autodiscover(ctx context.Context, addr string) (*Discovery, error) {
	if err := c.init(); err != nil {
		return nil, err
	}
	if !strings.Contains(addr, "@") {
		return nil, errors.New("eas: Autodiscover: not an address")
	}
	var body bytes.Buffer
	body.WriteString(xml.Header + `<Autodiscover xmlns="` + autodiscoverRequest + `"><Request><EMailAddress>`)
	if err := xml.EscapeText(&body, []byte(addr)); err != nil {
		return nil, fmt.Errorf("eas: Autodiscover: %w", err)
	}
	body.WriteString(`</EMailAddress><AcceptableResponseSchema>` + autodiscoverResponse + `</AcceptableResponseSchema></Request></Autodiscover>`)
	r, err := c.sendHere(ctx, request{
		command: "Autodiscover", path: autodiscoverPath, contentType: "text/xml; charset=utf-8", body: body.Bytes(),
	})
	if err != nil {
		return nil, err
	}
	if r.status != http.StatusOK {
		return nil, r.httpError()
	}
	return r.discovery()
}

func (r *response) discovery() (*Discovery, error) {
	type fault struct {
		Status    string
		ErrorCode int
		Message   string
		DebugData string
	}
	var x struct {
		XMLName  xml.Name `xml:"Autodiscover"`
		Response struct {
			Culture string
			User    struct{ DisplayName, EMailAddress string }
			Action  struct {
				Redirect string
				Settings struct {
					Server []struct{ Type, Url, Name, ServerData string }
				}
				Error *fault
			}
			Error *fault
		}
	}
	if err := xml.Unmarshal(r.body, &x); err != nil {
		return nil, r.unexpected("the document cannot be read")
	}
	if f := x.Response.Action.Error; f != nil || x.Response.Error != nil {
		if f == nil {
			f = x.Response.Error
		}
		return nil, &Error{
			Command: r.command, HTTPStatus: r.status, Name: "Error", RequestID: r.requestID, Server: r.server, Action: ActionAdmin,
			Err: fmt.Errorf("status %s, error code %d: %s", safehttp.Clean(f.Status, 16), f.ErrorCode, safehttp.Clean(f.Message, 256)),
		}
	}
	d := &Discovery{
		Culture: x.Response.Culture, DisplayName: x.Response.User.DisplayName, Email: x.Response.User.EMailAddress,
		Redirect: x.Response.Action.Redirect,
	}
	for _, s := range x.Response.Action.Settings.Server {
		switch s.Type {
		case "MobileSync":
			u, err := url.Parse(s.Url)
			if err == nil {
				err = safehttp.CheckURL(u)
			}
			if err != nil {
				return nil, r.unexpected("the URL of the mailbox makes no sense")
			}
			d.URL = u
		case "CertEnroll":
			d.CertificateURL = s.Url
		}
	}
	if d.URL == nil && d.Redirect == "" {
		return nil, r.unexpected("neither a URL nor a redirect")
	}
	return d, nil
}
