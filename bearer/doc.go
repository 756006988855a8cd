// Package bearer reads what a server says about tokens, and gives it one.
package bearer
