package benchmarks

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// drawing is an SVG in the making. It has no colours of its own but the classes of its style, which follow the reader's light or dark mode.
type drawing struct {
	strings.Builder

	width, height float64
}

const style = `<style>
text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#3d444d}
.title{font-size:14px;font-weight:600}.small{font-size:11px;fill:#59636e}.own{font-weight:600;fill:#0969da}
.grid{stroke:#d1d9e0;stroke-width:1}.axis{stroke:#818b98;stroke-width:1}
.line{fill:none;stroke-width:2}.best{stroke:#1a7f37;fill:none;stroke-width:2;stroke-dasharray:5 3}.besttext{fill:#1a7f37}
.s0{stroke:#0969da}.s1{stroke:#bc4c00}.s2{stroke:#8250df}.s3{stroke:#9a6700}.s4{stroke:#59636e}
.f0{fill:#0969da}.f1{fill:#bc4c00}.f2{fill:#8250df}.f3{fill:#9a6700}.f4{fill:#818b98}
@media(prefers-color-scheme:dark){
text{fill:#d1d7e0}.small{fill:#9198a1}.own{fill:#4493f8}
.grid{stroke:#2f3742}.axis{stroke:#656c76}.best{stroke:#3fb950}.besttext{fill:#3fb950}
.s0{stroke:#4493f8}.s1{stroke:#f0883e}.s2{stroke:#ab7df8}.s3{stroke:#d29922}.s4{stroke:#9198a1}
.f0{fill:#4493f8}.f1{fill:#f0883e}.f2{fill:#ab7df8}.f3{fill:#d29922}.f4{fill:#656c76}}
</style>
`

func (d *drawing) String() string {
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\" role=\"img\">\n%s%s</svg>\n",
		d.width, d.height, d.width, d.height, style, d.Builder.String())
}

// text writes a text; anchor is start, middle or end.
func (d *drawing) text(x, y float64, class, anchor, format string, args ...any) {
	fmt.Fprintf(d, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\">%s</text>\n", x, y, class, anchor, html.EscapeString(fmt.Sprintf(format, args...)))
}

func (d *drawing) segment(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(d, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class)
}

func (d *drawing) bar(x, y, width, height float64, class string) {
	fmt.Fprintf(d, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\" class=\"%s\"/>\n", x, y, width, height, class)
}

func (d *drawing) dot(x, y, r float64, class string) {
	fmt.Fprintf(d, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, r, class)
}

func (d *drawing) path(points [][2]float64, class string) {
	for i, p := range points {
		if i == 0 {
			fmt.Fprintf(d, "<polyline class=\"%s\" points=\"%.1f,%.1f", class, p[0], p[1])
		} else {
			fmt.Fprintf(d, " %.1f,%.1f", p[0], p[1])
		}
	}
	fmt.Fprint(d, "\"/>\n")
}

// scale maps values to places in a drawing.
type scale struct {
	from, to   float64 // values
	start, end float64 // places
	log        bool
}

func (s scale) at(v float64) float64 {
	from, to := s.from, s.to
	if s.log {
		from, to, v = math.Log(from), math.Log(to), math.Log(v)
	}
	return s.start + (v-from)/(to-from)*(s.end-s.start)
}

// plot is a frame with two axes.
type plot struct {
	*drawing

	x, y scale
}

// axes draws the frame, with a grid at the ticks.
func (p plot) axes(xs, ys []float64, xlabel, ylabel string) {
	for _, v := range ys {
		p.segment(p.x.start, p.y.at(v), p.x.end, p.y.at(v), "grid")
		p.text(p.x.start-6, p.y.at(v)+4, "small", "end", "%s", short(v))
	}
	for _, v := range xs {
		p.segment(p.x.at(v), p.y.start, p.x.at(v), p.y.end, "grid")
		p.text(p.x.at(v), p.y.start+15, "small", "middle", "%s", short(v))
	}
	p.segment(p.x.start, p.y.start, p.x.end, p.y.start, "axis")
	p.segment(p.x.start, p.y.start, p.x.start, p.y.end, "axis")
	p.text((p.x.start+p.x.end)/2, p.y.start+31, "small", "middle", "%s", xlabel)
	p.text(p.x.start, p.y.end-8, "small", "start", "%s", ylabel)
}
