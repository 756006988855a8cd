package eastest

import "time"

// now is the tenant's time: that of the machine, or of the synctest bubble, and what
// [Tenant.Advance] added.
func (tn *Tenant) now() time.Time { return time.Now().Add(time.Duration(tn.ahead.Load())) }

// Now returns the tenant's time.
func (tn *Tenant) Now() time.Time { return tn.now() }

// Advance moves the clock of the tenant forward by d, or back if d is negative: tokens and device
// codes expire, mail ages. Requests that wait in real time, such as Ping, keep waiting. In a
// testing/synctest bubble use time.Sleep instead, which moves the clock of both sides.
func (tn *Tenant) Advance(d time.Duration) { tn.ahead.Add(int64(d)) }
