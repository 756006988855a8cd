// Package safehttp is the library's one way out to the network. Every HTTP request that
// the library makes goes through [Do], which
//
//   - refuses a URL that is not https with a plain host ([CheckURL]);
//   - never follows a redirect: a 3xx answer comes back to the caller, who decides with
//     [Location] whether the next host may be asked, and with what;
//   - refuses an answer whose header fields exceed [MaxHeader];
//   - returns errors that name scheme, host and path but never a query, an address or a
//     token ([Redact]).
//
// Bodies are read with [ReadAll], which stops at a limit that counts decompressed bytes,
// so that a gzip bomb costs no more than any other long body.
//
// The package depends on the standard library and the table of faults, and holds no state.
package safehttp
