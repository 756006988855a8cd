package sogo

import (
	"testing"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/internal/interop/servers"
)

// TestPrograms runs examples as a user would, at servers behind examples/gateway: the look-up
// by the address, the challenge, the sign-in that was kept, and the work.
func TestPrograms(t *testing.T) {
	sogo := []string{"ada", "bob", "eve", "dan"}
	stack.mail = servers.Dovecot(t, sogo...)
	stack.Site = servers.NewSite(t)

	stack.Gateway(t, servers.SOGo(t, stack.mail, sogo...), sogo...)
	stack.Tenant.AddMailbox("cloud@" + servers.Domain)
	t.Run("backup of SOGo", func(t *testing.T) { backups(t, "bob", whole) })
	t.Run("backup of items of SOGo", func(t *testing.T) { backupOfItems(t, "bob") })
	t.Run("calendars of SOGo and a tenant", func(t *testing.T) {
		calendars(t, party{"ada", eas.Version141}, party{"cloud", eas.Version161}, "Room 2")
	})
	t.Run("calendars of two at SOGo", func(t *testing.T) {
		calendars(t, party{"dan", eas.Version141}, party{"eve", eas.Version141}, "Room 2")
	})
}
