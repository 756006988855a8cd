// Package peers sets packages of this library beside packages of others that do the same
// job, in one run and on the same input: what each gets right, and how fast it is. It has
// tests and benchmarks alone.
//
// A peer is here if it exports its parser and the module proxy serves it. Those of oras-go,
// regclient, go-containerregistry, containers/image and azcore are not exported.
package peers
