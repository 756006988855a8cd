// Package diagnose finds what is wrong with a deployment of Exchange ActiveSync with modern
// authentication, and says how to fix it: from outside, without a sign-in, and in more depth with
// one.
//
//	report, err := diagnose.Run(ctx, "ada@contoso.com", nil)
//	if err != nil {
//		return err // not an address, or the context ended
//	}
//	report.Text(os.Stdout, nil)
//
// [Run] follows the steps of the handshake: AutoDiscover, the certificate, an anonymous request,
// the empty bearer token with and without the user's name, the authority, and what still accepts
// passwords; with [Options.SignIn] also the sign-in, the token, OPTIONS, Provision, Settings,
// FolderSync and the server's access decision for this device. Each step is a [Probe] with a
// verdict. A fault is a [Finding] with an id of docs/faults.md; the errors of the library and the
// fake tenant of package eastest use the same ids. One finding is the root, and its consequences are
// listed under it.
//
// Run never sends a password, and sends a token only to the endpoint that it was issued for. A
// Report masks addresses, unless [Options.Unmask] is set, but not host names.
//
// It has not been run against a real deployment: it is tested with the fake tenant, with recorded
// responses, and with SOGo behind nginx and HAProxy.
package diagnose
