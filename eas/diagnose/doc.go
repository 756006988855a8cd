// Package diagnose says what is wrong with a deployment of Exchange ActiveSync with modern
// authentication, and how to mend it: from outside, without a sign-in, and deeper with one.
//
//	report, err := diagnose.Run(ctx, "ada@contoso.com", nil)
//	if err != nil {
//		return err // not an address, or the context ended
//	}
//	report.Text(os.Stdout, nil)
//
// [Run] goes through the dance in its order: AutoDiscover, the certificate, an anonymous request,
// the empty bearer token with and without the user's name, the authority, and what stands open to
// passwords; and with [Options.SignIn] the sign-in, the token, OPTIONS, Provision, Settings,
// FolderSync and what the server shows this device. Each step is a [Probe] with a verdict. What is
// wrong is a [Finding] by an id of docs/faults.md, which the errors of the library and the fake
// tenant of package eastest use as well; one of them is the root, and what follows from it is
// folded under it.
//
// No password is sent, and no token but to the endpoint it was made for. Addresses are
// masked in what a Report prints, unless it is told otherwise; host names are not.
//
// It has never met a real deployment: the fake tenant and recorded responses are what it was tried
// with.
package diagnose
