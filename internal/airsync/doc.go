// Package airsync holds the documents of ActiveSync as tagged structs, one file per command
// and one per class of items, each under the section that defines it. It has no logic:
// package eas gives the fields a meaning.
//
// Absent, empty and filled are three things on this wire. A pointer tells them apart; a
// plain field says that the difference does not matter there.
package airsync
