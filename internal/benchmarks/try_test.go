package benchmarks
import ("testing";"time";"log";"io")
func TestTryWait(t *testing.T) {
	log.SetOutput(io.Discard)
	for i, cs := range [][]contender{waitsOfOneRead(), waitsOfManyReads(t)} {
		r := interleave(101/(1+2*i), time.Duration(1+4*i)*500*time.Microsecond, cs)
		for _, c := range cs { t.Logf("%-20s %v %.2f %.0f", c.name, r[c.name].Nanoseconds, r[c.name].Allocs, r[c.name].Bytes) }
	}
}
