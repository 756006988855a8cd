package servers

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // for the users
)

// SOGo starts SOGo with its ActiveSync, on a PostgreSQL and a memcached of its own, and
// returns the URL of its ActiveSync.
func SOGo(t testing.TB, m *Mail, users ...string) string {
	t.Helper()
	sogod := Need(t, "sogod", "/usr/sbin/sogod")
	Need(t, "SOGo's ActiveSync", "/usr/lib/GNUstep/SOGo/ActiveSync.SOGo")
	memcached := Need(t, "memcached")
	needMounts(t)
	dsn := PostgreSQL(t)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec1 := func(q string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(context.Background(), q, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec1(`CREATE TABLE sogo_users (c_uid VARCHAR(64) PRIMARY KEY, c_name VARCHAR(64), c_password VARCHAR(64), c_cn VARCHAR(64), mail VARCHAR(64))`)
	for _, u := range users {
		exec1(`INSERT INTO sogo_users VALUES ($1, $2, $3, $4, $5)`, u, u, "secret-"+u, strings.ToUpper(u[:1])+u[1:], u+"@"+Domain)
	}
	cache := FreePort(t)
	mc := exec.Command(memcached, "-l", "127.0.0.1", "-p", strconv.Itoa(cache), "-m", "32")
	As(t, mc, "nobody")
	Await(t, "memcached", Start(t, mc), Listening(cache))

	dir := Dir(t, "sogo")
	port := FreePort(t)
	at := strings.TrimSuffix(strings.Replace(dsn, "postgres:", "postgresql:", 1), "?sslmode=disable")
	var conf strings.Builder
	conf.WriteString("{\n")
	for _, x := range [][2]string{
		{"SOGoProfileURL", "sogo_user_profile"}, {"OCSFolderInfoURL", "sogo_folder_info"}, {"OCSSessionsFolderURL", "sogo_sessions_folder"},
		{"OCSEMailAlarmsFolderURL", "sogo_alarms_folder"}, {"OCSStoreURL", "sogo_store"}, {"OCSAclURL", "sogo_acl"},
		{"OCSCacheFolderURL", "sogo_cache_folder"}, {"OCSAdminURL", "sogo_admin"},
	} {
		fmt.Fprintf(&conf, "  %s = \"%s/%s\";\n", x[0], at, x[1])
	}
	fmt.Fprintf(&conf, `  SOGoUserSources = ({
    type = sql; id = directory; viewURL = "%s/sogo_users"; canAuthenticate = YES; isAddressBook = YES;
    displayName = "Directory"; userPasswordAlgorithm = plain;
  });
  SOGoIMAPServer = "imap://127.0.0.1:%d";
  SOGoMailingMechanism = smtp;
  SOGoSMTPServer = "smtp://127.0.0.1:%d";
  SOGoMailDomain = "%s";
  SOGoMemcachedHost = "127.0.0.1:%d";
  SOGoTimeZone = "Europe/Berlin";
  SOGoLanguage = English;
  SOGoDraftsFolderName = Drafts;
  SOGoSentFolderName = Sent;
  SOGoTrashFolderName = Trash;
  SOGoMaximumPingInterval = 60;
  SOGoMaximumSyncInterval = 60;
  SOGoInternalSyncInterval = 1;
  SOGoMaximumFailedLoginCount = 0;
  WOPort = "127.0.0.1:%d";
  WOWorkersCount = 6;
  WOPidFile = "%s/sogo.pid";
  WOLogFile = "-";
  WONoDetach = YES;
  WOWatchDogRequestTimeout = 10;
  SxVMemLimit = 0;
}
`, at, m.IMAP, m.SMTP, Domain, cache, port, dir)
	file := filepath.Join(dir, "sogo.conf")
	if err := os.WriteFile(file, []byte(conf.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	// Its configuration is at one place; the server sees another file there, and nobody else.
	cmd := exec.Command("unshare", "-m", "sh", "-c",
		`mount --bind "$1" /etc/sogo/sogo.conf && exec setpriv --reuid sogo --regid sogo --clear-groups env HOME="$2" "$3"`,
		"sh", file, dir, sogod)
	cmd.Dir = dir
	out := Start(t, cmd)
	url := fmt.Sprintf("http://127.0.0.1:%d/SOGo/Microsoft-Server-ActiveSync", port)
	Await(t, "SOGo", out, demandsPassword(port, url))
	return url
}
