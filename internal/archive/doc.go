// Package archive writes exchanges over HTTP as text in the txtar format, without what
// identifies people, organizations and machines. Package eastest writes what its tenant was
// asked and replays archives; package diagnose records checks of real deployments.
package archive
