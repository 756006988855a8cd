package eastest

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
)

// A pageName names a page of a sign-in.
type pageName string

const (
	pagePassword pageName = "password"
	pageFactor   pageName = "factor"
	pageConsent  pageName = "consent"
)

// The pages of both authorities. They work without JavaScript, and say what they are.
var pages = template.Must(template.New("").Parse(`{{define "head"}}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title></head><body>
<h1>{{.Title}}</h1>
<p>This is a page of a fake tenant for tests. Enter no password of yours.</p>
{{if .Problem}}<p role="alert">{{.Problem}}</p>{{end}}
<form method="post"{{if .Action}} action="{{.Action}}"{{end}}>
{{if .ID}}<input type="hidden" name="id" value="{{.ID}}">
{{end}}{{end}}

{{define "password"}}{{template "head" .}}<p><label>User name <input name="username" autocomplete="username" value="{{.User}}" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button> <button name="decline" value="1" formnovalidate>Cancel</button></p>
</form></body></html>{{end}}

{{define "factor"}}{{template "head" .}}<p>{{.User}}</p>
<p><label>Code of the authenticator <input name="otc" inputmode="numeric" autocomplete="one-time-code"></label></p>
<p><button>Verify</button> <button name="approve" value="1">Approve, as in the app</button> <button name="decline" value="1">Deny</button></p>
</form></body></html>{{end}}

{{define "consent"}}{{template "head" .}}<p>{{.User}}</p>
<p>The application {{.App}} would like to:</p>
<ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
{{if .Blocked}}<p>Only an administrator may consent to this.</p>
<p><button name="other" value="1">Sign in as an administrator</button> <button name="decline" value="1">Return without consent</button></p>
{{else}}{{if .Admin}}<p><label><input type="checkbox" name="organization" value="1"{{if .All}} checked{{end}}> Consent on behalf of your organization</label></p>
{{end}}<p><button name="accept" value="1">Accept</button> <button name="decline" value="1">Cancel</button></p>
{{end}}</form></body></html>{{end}}

{{define "device"}}{{template "head" .}}<p><label>Code <input name="code" required></label></p>
<p><label>User name <input name="username" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button> <button name="decline" value="1">Decline</button></p>
</form></body></html>{{end}}`))

// A pageData is what a page shows.
type pageData struct {
	Title, Problem, Action, ID, User string

	App     string   // that asks for consent
	Scopes  []string // to which
	Admin   bool     // the user may consent for all
	All     bool     // and is asked to
	Blocked bool     // the user may not consent
}

func showPage(w http.ResponseWriter, name string, d pageData) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Frame-Options", "DENY")
	if err := pages.ExecuteTemplate(w, name, d); err != nil {
		panic("eastest: " + err.Error())
	}
}

// Titles of the pages.
const (
	titleEntra   = "Sign in to your account"
	titleADFS    = "Sign in with your organizational account"
	titleFactor  = "Verify your identity"
	titleConsent = "Permissions requested"
	titleBlocked = "Need admin approval"
)

// loginAction and adfsAction are where the forms of the two authorities are sent.
func (tn *Tenant) loginAction() string {
	return "https://" + nationOf(tn.at.Nation).login + "/common/login"
}
func (tn *Tenant) adfsAction() string { return "https://" + tn.adfsHost() + "/adfs/ls/" }

// show shows a page. With [Federated], Entra ID sends the browser to AD FS for the
// password.
func (tn *Tenant) show(w http.ResponseWriter, r *http.Request, s *signIn, at pageName, problem string) {
	s.page = at
	id := tn.keep(s)
	d := pageData{ID: id, Problem: problem, User: s.user, Action: tn.loginAction()}
	if s.adfs {
		d.Action = tn.adfsAction()
	}
	if problem != "" {
		because(r, "%s", problem)
	}
	switch at {
	case pagePassword:
		d.User = s.q.Get("login_hint")
		if !s.adfs && tn.at.Identity != Federated {
			d.Title = titleEntra
			break
		}
		d.Title, d.Action = titleADFS, tn.adfsAction()
		if hostOf(r) != tn.adfsHost() {
			because(r, "the domain is federated: AD FS asks for the password")
			w.Header().Set("Location", d.Action+"?"+url.Values{"id": {id}, "username": {d.User}}.Encode())
			w.WriteHeader(http.StatusFound)
			return
		}
	case pageFactor:
		because(r, "a policy demands a second factor")
		d.Title = titleFactor
	case pageConsent:
		because(r, "consent is missing")
		m := tn.users[s.user]
		d.Title, d.App, d.Scopes = titleConsent, s.app, scopesOf(s.scope)
		d.Admin, d.All = m != nil && m.admin, s.forAll
		if d.Blocked = s.demand == "ADMIN_CONSENT" && !d.Admin; d.Blocked {
			d.Title = titleBlocked
		}
	}
	showPage(w, string(at), d)
}

// federatedPage is the page of AD FS to which Entra ID sent the browser.
func (tn *Tenant) federatedPage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if s := tn.sts.pages[q.Get("id")]; s == nil || s.page != pagePassword {
		errorPage(w, "MSIS7042: The sign-in is not known, or took too long.")
		return
	}
	showPage(w, string(pagePassword), pageData{Title: titleADFS, Action: tn.adfsAction(), ID: q.Get("id"), User: q.Get("username")})
}

// errorPage is what an authority shows that will not send the browser back.
func errorPage(w http.ResponseWriter, text string) {
	if x, ok := w.(*reasoned); ok {
		because(x.r, "%s", text)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, "<html><body>%s</body></html>", template.HTMLEscapeString(text))
}
