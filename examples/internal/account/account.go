package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// kept is what is kept of a mailbox between two starts, beside the sign-in: a start with it
// needs no look-up, no probe, no metadata, no OPTIONS and no Provision. It holds no secret.
type kept struct {
	Tenant   string          `json:"tenant,omitempty"`   // of the flag
	Endpoint string          `json:"endpoint,omitempty"` // of the flag
	URL      string          `json:"url"`
	Config   json.RawMessage `json:"config"` // a token.Config
	State    eas.State       `json:"state"`
}

// A Mailbox is what the dance leads to.
type Mailbox struct {
	Client *eas.Client
	Source *token.Source
	Config *token.Config

	HTTP     *http.Client // for everything
	Endpoint *url.URL     // without a look-up; nil: it is looked up
	Trust    []string     // hosts of authorities that are not Microsoft's

	file string // for kept; "" for one of an embedded tenant
	kept kept
}

// file returns where what is kept of an address is. The name does not tell the address.
func (s *Session) file(address string) (string, error) {
	dir, err := s.folder()
	sum := sha256.Sum256([]byte(strings.ToLower(address)))
	return filepath.Join(dir, "mailboxes", hex.EncodeToString(sum[:16])+".json"), err
}

// Open returns a client for the mailbox of the flags. See OpenAs.
func (s *Session) Open(ctx context.Context) (*eas.Client, error) {
	m, err := s.OpenAs(ctx, s.Email)
	if err != nil {
		return nil, err
	}
	return m.Client, nil
}

// OpenAs does the dance from the address to a client, or goes on with what is kept. The user
// signs in at the first token that is needed. Close of the session keeps what was learned.
func (s *Session) OpenAs(ctx context.Context, address string) (*Mailbox, error) {
	store, err := s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	m := &Mailbox{HTTP: &http.Client{Transport: eas.NewTransport()}, Trust: s.trust}
	if s.endpoint != "" {
		if m.Endpoint, err = url.Parse(s.endpoint); err != nil {
			return nil, err
		}
	}
	if m.file, err = s.file(address); err != nil {
		return nil, err
	}
	if b, err := os.ReadFile(m.file); err != nil || json.Unmarshal(b, &m.kept) != nil {
		m.kept = kept{} // a look-up brings it again
	}
	var flow token.Flow = &token.DeviceCode{Prompt: func(_ context.Context, p *token.DevicePrompt) error {
		_, err := fmt.Fprintf(s.Err, "Open %s and enter %s\n", p.VerificationURI, p.UserCode)
		return err
	}}
	if !s.device {
		flow = token.FirstOf(&token.Browser{LoginHint: address}, flow)
	}
	if err := m.Open(ctx, address, s.clientID, s.tenant, store, flow); err != nil {
		return nil, err
	}
	m.Client.Logger, m.Source.Logger = s.logger(), s.logger()
	m.Source.Accept = func(_ context.Context, who token.Account) error {
		if who.Username != "" && !strings.EqualFold(who.Username, address) { // it may be the user's all the same
			fmt.Fprintln(s.Err, "the account that signed in has another name than -email: if it is another user's, run this with -sign-out, and sign in again")
		}
		return nil
	}
	s.opened = append(s.opened, m)
	return m, nil
}

// Open does the dance, or goes on with what is kept. The user signs in by flow at the first
// token that is needed.
func (m *Mailbox) Open(ctx context.Context, address, clientID, tenant string, store token.Store, flow token.Flow) error {
	endpoint := m.restore(clientID, tenant)
	if endpoint == nil {
		m.kept = kept{Tenant: tenant}
		if endpoint = m.Endpoint; endpoint == nil {
			found, err := (&autodiscover.Resolver{HTTPClient: m.HTTP}).Lookup(ctx, address)
			if err != nil {
				return err
			}
			endpoint = found.URL
		} else {
			m.kept.Endpoint = endpoint.String()
		}
		offer, err := bearer.Probe(ctx, m.HTTP, endpoint, address)
		if err != nil {
			return err
		}
		if m.Config, err = token.Configure(ctx, clientID, offer, endpoint, &token.Options{HTTPClient: m.HTTP, Tenant: tenant, TrustedAuthorities: m.Trust}); err != nil {
			return err
		}
	}
	m.Source = &token.Source{Config: m.Config, Key: strings.ToLower(address), Store: store}
	m.Source.Flow = flow
	m.Source.Linger = 15 * time.Minute // the user may take longer than a command
	m.Client = &eas.Client{URL: endpoint, User: address, Token: m.Source, HTTPClient: m.HTTP}
	m.Client.Restore(m.kept.State)
	return nil
}

// restore sets Config to what is kept and returns the endpoint; nil if nothing is kept for
// this app.
func (m *Mailbox) restore(clientID, tenant string) *url.URL {
	u, err := url.Parse(m.kept.URL)
	flag := ""
	if m.Endpoint != nil {
		flag = m.Endpoint.String()
	}
	if err != nil || m.kept.URL == "" || m.kept.Tenant != tenant || m.kept.Endpoint != flag {
		return nil
	}
	c, err := token.RestoreConfig(m.kept.Config, &token.Options{HTTPClient: m.HTTP, TrustedAuthorities: m.Trust})
	if err != nil || c.ClientID != clientID {
		return nil
	}
	m.Config = c
	return u
}

// save keeps what was learned.
func (m *Mailbox) save() error {
	if m.file == "" {
		return nil
	}
	config, err := json.Marshal(m.Config)
	if err != nil {
		return err
	}
	now := kept{Tenant: m.kept.Tenant, Endpoint: m.kept.Endpoint, URL: m.Client.URL.String(), Config: config, State: m.Client.State()}
	if now.Tenant == m.kept.Tenant && now.Endpoint == m.kept.Endpoint && now.URL == m.kept.URL && string(now.Config) == string(m.kept.Config) && now.State == m.kept.State {
		return nil
	}
	b, err := json.MarshalIndent(now, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.file), 0o700); err != nil {
		return err
	}
	return WriteFile(m.file, b)
}

// WriteFile puts the file into place as a whole, for its owner alone.
func WriteFile(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// close keeps what the mailboxes of the session have learned; what has failed is looked up
// again by the next start.
func (s *Session) close(failed error) error {
	var errs []error
	for _, m := range s.opened {
		if stale(failed) {
			err := os.Remove(m.file)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
			continue
		}
		errs = append(errs, m.save())
	}
	return errors.Join(errs...)
}

// stale reports whether err may be due to what was kept: the mailbox has moved, or the
// authority is another one now.
func stale(err error) bool {
	var (
		configuration *token.ConfigError
		authority     *token.AuthorityError
		audience      *token.AudienceError
	)
	return errors.Is(err, eas.ErrRedirected) || errors.Is(err, eas.ErrVersion) || errors.Is(err, eas.ErrUnexpectedContent) ||
		errors.Is(err, eas.ErrUnauthorized) || errors.As(err, &configuration) || errors.As(err, &authority) || errors.As(err, &audience)
}

// SignOut forgets the sign-in of the flags' address and what else is kept of it.
func (s *Session) SignOut(ctx context.Context) error {
	store, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	key := strings.ToLower(s.Email)
	r, err := store.Load(ctx, key)
	if err == nil {
		err = store.Delete(ctx, key, r.Generation)
	}
	if err != nil && !errors.Is(err, token.ErrNotFound) {
		return err
	}
	file, err := s.file(s.Email)
	if err != nil {
		return err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	_, err = fmt.Fprintln(s.Out, "signed out")
	return err
}

// Apart returns a client for the mailbox of c that is a device of its own, for a program that keeps
// sync keys: a server has one key for a folder and a device, and another program that begins with
// the folder would end it. State is what the program keeps of it; it gets a device if it has none,
// and must be kept before the client is used.
func Apart(c *eas.Client, state *eas.State) *eas.Client {
	if state.DeviceID == "" {
		state.DeviceID = eas.NewDeviceID()
	}
	own := &eas.Client{URL: c.URL, User: c.User, Token: c.Token, HTTPClient: c.HTTPClient, Logger: c.Logger}
	own.Restore(*state)
	return own
}

// OpenEmbedded does the dance against a tenant, for a user who signs in by browser.
func OpenEmbedded(ctx context.Context, tn *eastest.Tenant, address string) (*eas.Client, error) {
	m := &Mailbox{HTTP: tn.Client()}
	err := m.Open(ctx, address, eastest.ClientID, "", new(token.MemoryStore), &token.Browser{Open: tn.Browser(), LoginHint: address})
	return m.Client, err
}

// Folder returns the folder of mail with a name; the Inbox if it is "".
func Folder(ctx context.Context, c *eas.Client, name string) (eas.Folder, error) {
	folders, err := c.FolderSync(ctx, eas.InitialSyncKey)
	if err != nil {
		return eas.Folder{}, err
	}
	for _, f := range folders.Added {
		if name == "" && f.Type == eas.FolderInbox || name != "" && f.Name == name && f.Type.Class() == eas.ClassEmail {
			return f, nil
		}
	}
	return eas.Folder{}, fmt.Errorf("there is no folder %q", name)
}
