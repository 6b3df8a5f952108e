package benchmarks

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// drawing collects the elements of an SVG. The style's classes have all colors and follow the
// reader's light or dark mode. Documents show a drawing at widths down to 380 pixels, so it is at
// most 480 wide and its smallest text is 12 high.
type drawing struct {
	strings.Builder

	width, height float64
	title, desc   string // for screen readers; the title is drawn as well
}

const style = `<style>
text{font:12.5px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#3d444d}
.title{font-size:15px;font-weight:600}.panel{font-weight:600}.small{font-size:12px;fill:#59636e}.own{font-weight:600;fill:#0969da}
.grid{stroke:#d1d9e0;stroke-width:1}.axis{stroke:#818b98;stroke-width:1}.leader{stroke:#818b98;stroke-width:.7;fill:none}
.line{fill:none;stroke-width:2}.thick{stroke-width:6;stroke-opacity:.45}.dash1{stroke-dasharray:7 4}.dash2{stroke-dasharray:3 7;stroke-width:3.5}
.best{stroke:#1a7f37;fill:none;stroke-width:2;stroke-dasharray:5 3}.besttext{fill:#1a7f37}
.s0{stroke:#0969da}.s1{stroke:#bc4c00}.s2{stroke:#8250df}.s3{stroke:#9a6700}.s4{stroke:#1a7f37}.s5{stroke:#bf3989}
.t0{fill:#0969da;font-weight:600}.t1{fill:#bc4c00}.t2{fill:#8250df}.t3{fill:#9a6700}.t4{fill:#1a7f37}.t5{fill:#bf3989}
.f0{fill:#0969da}.f4{fill:#818b98}
@media(prefers-color-scheme:dark){
text{fill:#d1d7e0}.small{fill:#9198a1}.own{fill:#4493f8}
.grid{stroke:#2f3742}.axis{stroke:#656c76}.leader{stroke:#656c76}.best{stroke:#3fb950}.besttext{fill:#3fb950}
.s0{stroke:#4493f8}.s1{stroke:#f0883e}.s2{stroke:#ab7df8}.s3{stroke:#d29922}.s4{stroke:#3fb950}.s5{stroke:#db61a2}
.t0{fill:#4493f8}.t1{fill:#f0883e}.t2{fill:#ab7df8}.t3{fill:#d29922}.t4{fill:#3fb950}.t5{fill:#db61a2}
.f0{fill:#4493f8}.f4{fill:#656c76}}
</style>
`

// newDrawing returns a drawing with its title at the top.
func newDrawing(height float64, title, desc string) *drawing {
	d := &drawing{width: 480, height: height, title: title, desc: desc}
	d.text(10, 20, "title", "start", "%s", title)
	return d
}

// String returns the SVG.
func (d *drawing) String() string {
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\" role=\"img\" aria-labelledby=\"title desc\">\n"+
		"<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n%s%s</svg>\n",
		d.width, d.height, d.width, d.height, html.EscapeString(d.title), html.EscapeString(d.desc), style, d.Builder.String())
}

// text writes a text; anchor is start, middle or end.
func (d *drawing) text(x, y float64, class, anchor, format string, args ...any) {
	fmt.Fprintf(d, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\">%s</text>\n", x, y, class, anchor, html.EscapeString(fmt.Sprintf(format, args...)))
}

// segment draws a straight line.
func (d *drawing) segment(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(d, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class)
}

// bar draws a rectangle with round corners.
func (d *drawing) bar(x, y, width, height float64, class string) {
	fmt.Fprintf(d, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\" class=\"%s\"/>\n", x, y, width, height, class)
}

// dot draws a filled circle.
func (d *drawing) dot(x, y, r float64, class string) {
	fmt.Fprintf(d, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, r, class)
}

// path draws a line through points.
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

// at returns the place of a value.
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
		p.text(p.x.start-6, p.y.at(v)+4, "small", "end", "%s", thousands(int(v)))
	}
	for _, v := range xs {
		p.segment(p.x.at(v), p.y.start, p.x.at(v), p.y.end, "grid")
		p.text(p.x.at(v), p.y.start+15, "small", "middle", "%s", thousands(int(v)))
	}
	p.segment(p.x.start, p.y.start, p.x.end, p.y.start, "axis")
	p.segment(p.x.start, p.y.start, p.x.start, p.y.end, "axis")
	p.text((p.x.start+p.x.end)/2, p.y.start+31, "small", "middle", "%s", xlabel)
	p.text(p.x.start, p.y.end-8, "small", "start", "%s", ylabel)
}

// label is a text to the right of a plot that belongs to a place in it. Further lines are small.
type label struct {
	x, y  float64 // the place
	class string
	lines []string
	at    float64 // the first line's place, set by place
}

const lineHeight = 15.0

// place sets the places of labels that are sorted by y. They do not overlap, are between top and
// bottom, and are near the places that they belong to.
func place(labels []label, top, bottom float64) {
	next := top
	for i := range labels {
		labels[i].at = math.Max(labels[i].y, next)
		next = labels[i].at + lineHeight*float64(len(labels[i].lines))
	}
	limit := bottom
	for i := len(labels) - 1; i >= 0; i-- {
		limit -= lineHeight * float64(len(labels[i].lines))
		labels[i].at = math.Min(labels[i].at, limit)
		limit = math.Min(limit, labels[i].at)
	}
}

// labels writes labels at x, each with a line to its place.
func (p plot) labels(x float64, labels []label) {
	for _, l := range labels {
		p.path([][2]float64{{l.x, l.y}, {x - 14, l.at - 4}, {x - 3, l.at - 4}}, "leader")
		for i, line := range l.lines {
			class := l.class
			if i > 0 {
				class = "small"
			}
			p.text(x, l.at+lineHeight*float64(i), class, "start", "%s", line)
		}
	}
}
