// Package easoauth is the map of the library; see the packages below it.
package easoauth
