package eastest

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A signIn is one that a user has begun at the authority.
type signIn struct {
	q                    url.Values // of the authorization request
	app, redirect, scope string
	adfs                 bool
	expires              time.Time
}

// pageLifetime is how long a page waits for the user.
const pageLifetime = 15 * time.Minute

// signInPage is the page of both authorities. It works without JavaScript, and says what it is.
var signInPage = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title></head><body>
<h1>{{.Title}}</h1>
<p>This is the sign-in page of a fake tenant for tests. Enter no password of yours.</p>
{{if .Problem}}<p role="alert">{{.Problem}}</p>{{end}}
<form method="post" action="{{.Action}}">
<input type="hidden" name="id" value="{{.ID}}">
<p><label>User name <input name="username" autocomplete="username" value="{{.User}}" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button> <button name="decline" value="1" formnovalidate>Cancel</button></p>
</form></body></html>`))

// showSignIn shows the page. With [Federated], Entra ID sends the browser to that of AD FS.
func (tn *Tenant) showSignIn(w http.ResponseWriter, r *http.Request, s *signIn, problem string) {
	id := rand.Text()
	s.expires = tn.now().Add(pageLifetime)
	for k, old := range tn.sts.pages {
		if tn.now().After(old.expires) {
			delete(tn.sts.pages, k)
		}
	}
	tn.sts.pages[id] = s
	title, action := "Sign in to your account", "https://"+nationOf(tn.at.Nation).login+"/common/login"
	if s.adfs || tn.at.Identity == Federated {
		title, action = "Sign in with your organizational account", "https://"+tn.adfsHost()+"/adfs/ls/"
	}
	if !s.adfs && tn.at.Identity == Federated && hostOf(r) != tn.adfsHost() {
		because(r, "the domain is federated: AD FS asks for the password")
		w.Header().Set("Location", action+"?"+url.Values{"id": {id}, "username": {s.q.Get("login_hint")}}.Encode())
		w.WriteHeader(http.StatusFound)
		return
	}
	tn.writeSignIn(w, title, action, id, s.q.Get("login_hint"), problem)
}

func (tn *Tenant) writeSignIn(w http.ResponseWriter, title, action, id, user, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Frame-Options", "DENY")
	err := signInPage.Execute(w, map[string]string{"Title": title, "Action": action, "ID": id, "User": user, "Problem": problem})
	if err != nil {
		panic("eastest: " + err.Error())
	}
}

// federatedPage is the page of AD FS to which Entra ID sent the browser.
func (tn *Tenant) federatedPage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if tn.sts.pages[q.Get("id")] == nil {
		errorPage(w, "MSIS7042: The sign-in is not known, or took too long.")
		return
	}
	tn.writeSignIn(w, "Sign in with your organizational account", "https://"+tn.adfsHost()+"/adfs/ls/", q.Get("id"), q.Get("username"), "")
}

// wrongPassword is what the page of AD FS says.
const wrongPassword = "Incorrect user ID or password. Type the correct user ID and password, and try again."

// signedIn takes what the user entered.
func (tn *Tenant) signedIn(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		errorPage(w, "AADSTS9002313: The request is malformed.")
		return
	}
	id := r.PostForm.Get("id")
	s := tn.sts.pages[id]
	if s == nil || tn.now().After(s.expires) {
		delete(tn.sts.pages, id)
		errorPage(w, "AADSTS50089: The sign-in is not known, or took too long.")
		return
	}
	delete(tn.sts.pages, id) // a page is good once
	user := strings.ToLower(strings.TrimSpace(r.PostForm.Get("username")))
	switch {
	case r.PostForm.Get("decline") != "":
		tn.refuse(w, s, "access_denied", "65004", descriptions["65004"].description)
	case tn.users[user] == nil, subtle.ConstantTimeCompare([]byte(r.PostForm.Get("password")), []byte(Password)) != 1:
		problem := "AADSTS50126: " + descriptions["50126"].description
		if tn.isADFS(r) {
			problem = wrongPassword
		}
		because(r, "%s", problem)
		tn.showSignIn(w, r, s, problem)
	default:
		tn.finish(w, r, s, user)
	}
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

// devicePage is https://microsoft.com/devicelogin, where a user enters the code of a program.
var devicePage = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Enter the code</title></head><body>
<h1>Enter the code</h1>
<p>This is a page of a fake tenant for tests. Enter no password of yours.</p>
{{if .}}<p role="alert">{{.}}</p>{{end}}
<form method="post">
<p><label>Code <input name="code" required></label></p>
<p><label>User name <input name="username" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button> <button name="decline" value="1">Decline</button></p>
</form></body></html>`))

func (tn *Tenant) deviceLogin(w http.ResponseWriter, r *http.Request) {
	text := ""
	if r.Method == http.MethodPost {
		text = tn.enterCode(r)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := devicePage.Execute(w, text); err != nil {
		panic("eastest: " + err.Error())
	}
}

// enterCode does what the form says and returns what the page answers.
func (tn *Tenant) enterCode(r *http.Request) string {
	if err := r.ParseForm(); err != nil {
		return "AADSTS9002313: The request is malformed."
	}
	f := r.PostForm
	user := strings.ToLower(strings.TrimSpace(f.Get("username")))
	tn.mu.Lock()
	known := tn.users[user] != nil
	tn.mu.Unlock()
	if !known || subtle.ConstantTimeCompare([]byte(f.Get("password")), []byte(Password)) != 1 {
		if tn.isADFS(r) {
			return wrongPassword
		}
		return "AADSTS50126: " + descriptions["50126"].description
	}
	var err error
	if f.Get("decline") != "" {
		err = tn.DeclineDevice(f.Get("code"))
	} else {
		err = tn.ApproveDevice(f.Get("code"), user)
	}
	if err != nil {
		return strings.TrimPrefix(err.Error(), "eastest: ")
	}
	return "Done. You may close this page."
}
