// Package web carries the browser app inside the program: the built files, the
// design tokens that server-rendered pages share with it, and the logo.
package web

import (
	"embed"
	"io/fs"
)

// dist holds only .keep until `npm run build` has run, so that the program
// compiles without Node; all: keeps that dotted file in.
//
//go:embed all:dist
var dist embed.FS

//go:embed src/lib/ui/tokens.css
var tokensCSS string

//go:embed public/logo.svg
var logoSVG string

// Dist returns the built app, with index.html at its root once it was built.
func Dist() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a constant valid path
	}
	return files
}

// TokensCSS returns the colours, sizes and themes as custom properties, for
// pages the server renders itself.
func TokensCSS() string { return tokensCSS }

// LogoSVG returns the logo as a standalone drawing.
func LogoSVG() string { return logoSVG }
