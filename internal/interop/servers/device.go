package servers

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Nginx starts nginx as a device in front of the site and returns its address. The directives are
// those of its one server, behind the lines that have it listen with the site's certificate.
func (s *Site) Nginx(t testing.TB, directives string) string {
	t.Helper()
	nginx := Need(t, "nginx", "/usr/sbin/nginx")
	dir := Dir(t, "nobody")
	port := FreePort(t)
	conf := strings.NewReplacer("{dir}", dir, "{port}", strconv.Itoa(port), "{directives}", directives).Replace(`pid {dir}/nginx.pid;
daemon off;
events {}
http {
  access_log off;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  server {
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {dir}/cert.pem;
    ssl_certificate_key {dir}/key.pem;
    root {dir}/www;
    {directives}
  }
}
`)
	return s.device(t, dir, port, "nginx", exec.Command(nginx, "-p", dir, "-e", "stderr", "-c", filepath.Join(dir, "nginx.conf")), "nginx.conf", conf)
}

// HAProxy starts HAProxy as a device in front of the site and returns its address. The directives
// are those of its front end; a back end "gateway" leads to an address.
func (s *Site) HAProxy(t testing.TB, gateway, directives string) string {
	t.Helper()
	haproxy := Need(t, "haproxy", "/usr/sbin/haproxy")
	dir := Dir(t, "nobody")
	port := FreePort(t)
	conf := strings.NewReplacer("{dir}", dir, "{port}", strconv.Itoa(port), "{gateway}", gateway, "{directives}", directives).Replace(`defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend site
  bind 127.0.0.1:{port} ssl crt {dir}/both.pem
  {directives}
  default_backend gateway
backend gateway
  server one {gateway}
`)
	return s.device(t, dir, port, "HAProxy", exec.Command(haproxy, "-db", "-f", filepath.Join(dir, "haproxy.cfg")), "haproxy.cfg", conf)
}

// device starts a device with the certificate of the site, as nobody.
func (s *Site) device(t testing.TB, dir string, port int, name string, cmd *exec.Cmd, file, conf string) string {
	t.Helper()
	for name, b := range map[string][]byte{file: []byte(conf), "cert.pem": s.cert, "key.pem": s.key, "both.pem": append(bytes.Clone(s.cert), s.key...)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	As(t, cmd, "nobody")
	out := Start(t, cmd)
	Await(t, name, out, Listening(port))
	return "127.0.0.1:" + strconv.Itoa(port)
}

// A Checker is examples/hmacheck, built, to which the site is the internet, and which opens the
// tenant's browser to sign in.
type Checker struct {
	binary, dir string
	ca          string // file
	env         []string
}

// Checker builds the program.
func (s *Site) Checker(t testing.TB) *Checker {
	t.Helper()
	dir := Dir(t, "")
	// The program opens a browser by a command of the desktop, which here hands the URL to the test.
	open := s.Tenant.Browser()
	browser := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := io.ReadAll(r.Body)
		if err == nil {
			err = open(r.Context(), string(target))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
	t.Cleanup(browser.Close)
	curl := Need(t, "curl")
	script := "#!/bin/sh\nexec " + curl + " --noproxy '*' -sf -d \"$1\" " + browser.URL + "\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c := &Checker{binary: Build(t, dir, "hmacheck"), dir: dir, ca: write(t, dir, "ca.pem", s.ca)}
	c.env = append(os.Environ(), "HTTPS_PROXY="+s.proxy, "NO_PROXY=", "DISPLAY=:0", "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+dir)
	return c
}

// Run runs the program with the devices at an address, "" for none, and returns what it writes and
// its exit status.
func (c *Checker) Run(t testing.TB, device string, args ...string) (out, log []byte, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args = append([]string{"-ca", c.ca}, args...)
	if device != "" {
		for _, host := range []string{"mail.", "autodiscover."} {
			args = append([]string{"-connect", host + Domain + ":" + device}, args...)
		}
	}
	cmd := exec.CommandContext(ctx, c.binary, args...)
	cmd.Env, cmd.Dir = c.env, c.dir
	var o, l bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &l
	err := cmd.Run()
	var ee *exec.ExitError
	if err != nil && !errors.As(err, &ee) {
		t.Fatal(cmp.Or(ctx.Err(), err))
	}
	return o.Bytes(), l.Bytes(), cmd.ProcessState.ExitCode()
}
