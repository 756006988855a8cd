package eastest

import "time"

// now is the tenant's time: that of the machine, or of the synctest bubble, and what
// [Tenant.Advance] added.
func (tn *Tenant) now() time.Time { return time.Now().Add(time.Duration(tn.ahead.Load())) }

// Now returns the tenant's time.
func (tn *Tenant) Now() time.Time { return tn.now() }

// Advance sets the tenant's clock forward by d, or back if d is negative: tokens run out, mail
// gets old, device codes expire. What waits in real time, such as Ping, goes on waiting. Inside a
// bubble of testing/synctest it is not needed: there time.Sleep moves the clock of both sides.
func (tn *Tenant) Advance(d time.Duration) { tn.ahead.Add(int64(d)) }
