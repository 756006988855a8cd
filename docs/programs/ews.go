package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/token"
)

const getInbox = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<GetFolder xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"
  xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">
<FolderShape><t:BaseShape>Default</t:BaseShape></FolderShape>
<FolderIds><t:DistinguishedFolderId Id="inbox"/></FolderIds>
</GetFolder></s:Body></s:Envelope>`

// ewsSource hands out tokens for the EWS of Exchange Online.
func ewsSource(ctx context.Context, clientID, email string) (*token.Source, error) {
	config, err := token.ConfigureResource(ctx, clientID, "https://login.microsoftonline.com/organizations",
		nil, []string{token.ScopeEWS}, nil)
	if err != nil {
		return nil, err
	}
	return &token.Source{Config: config, Flow: person(email)}, nil
}

// unreadByEWS prints how many unread mails the Inbox has.
func unreadByEWS(ctx context.Context, w io.Writer, source bearer.Source, service string) error {
	endpoint, err := url.Parse(service)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &bearer.Transport{Source: source, Endpoint: endpoint}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, service, strings.NewReader(getInbox))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/xml; charset=utf-8")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		offer, err := bearer.FromResponse(response)
		if err == nil && offer.Diagnostics != nil { // why Exchange refused the token, and what to do
			err = errors.New(offer.Diagnostics.Explanation())
		}
		return errors.Join(fmt.Errorf("EWS: HTTP status %s", response.Status), err)
	}
	var envelope struct {
		Unread int `xml:"Body>GetFolderResponse>ResponseMessages>GetFolderResponseMessage>Folders>Folder>UnreadCount"`
	}
	if err := xml.NewDecoder(response.Body).Decode(&envelope); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, envelope.Unread, "unread")
	return err
}
