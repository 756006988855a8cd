//go:build !windows

package token

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// launch opens a URL in the user's browser. Without a display there is none to open, and
// what is found in its place runs in the terminal, which nobody sees.
func launch(to string) error {
	if runtime.GOOS == "darwin" {
		return run([][]string{{"open"}}, to)
	}
	if os.Getenv("WSL_DISTRO_NAME") != "" {
		return run([][]string{{"wslview"}, {"xdg-open"}, {"rundll32.exe", "url.dll,FileProtocolHandler"}}, to)
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("there is no display")
	}
	return run([][]string{{"xdg-open"}, {"x-www-browser"}, {"www-browser"}}, to)
}

// run starts the first of the programs that there is with a URL as its argument, and waits
// for it. The program gets nothing of ours: what it prints is lost, because the standard
// output of this program belongs to its caller.
func run(programs [][]string, to string) error {
	for _, p := range programs {
		path, err := exec.LookPath(p[0])
		if err != nil {
			continue
		}
		if err := exec.Command(path, append(p[1:len(p):len(p)], to)...).Run(); err != nil {
			return fmt.Errorf("%s: %w", p[0], err)
		}
		return nil
	}
	return errors.New("no program that opens a browser was found")
}
