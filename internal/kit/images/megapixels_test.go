//go:build linux && !race

package images

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The targets: CPU beside libvips, likeness to what it makes, and memory for four pictures at once.
const (
	maxCPURatio   = 2.0
	minSimilarity = 0.98
	maxMemory     = 256 // MiB
)

// photo is a picture as cameras make them: soft and sharp parts, fine texture, and noise.
func photo(w, h int) *image.YCbCr {
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	random := rand.New(rand.NewPCG(1, 2))
	light := func(x, y float64) float64 {
		v := 110 + 60*math.Sin(x/700+y/1100) + 30*math.Sin(x*y/90_000)
		if int(x/160)%3 == 1 && int(y/120)%2 == 0 { // leaves and letters
			v += 45 * math.Sin(x/2.5) * math.Sin(y/3.5)
		}
		if math.Hypot(x-float64(w)/3, y-float64(h)/2) < float64(h)/5 { // an edge
			v = 225 - v/3
		}
		return v
	}
	for y := range h {
		for x := range w {
			m.Y[y*m.YStride+x] = byte(max(0, min(255, light(float64(x), float64(y))+4*random.NormFloat64())))
		}
	}
	for y := range h / 2 {
		for x := range w / 2 {
			m.Cb[y*m.CStride+x] = byte(128 + 40*math.Sin(float64(x)/300) + 2*random.NormFloat64())
			m.Cr[y*m.CStride+x] = byte(128 + 40*math.Cos(float64(y)/250) + 2*random.NormFloat64())
		}
	}
	return m
}

// BenchmarkTwelveMegapixels makes both stored sizes of a photograph, beside libvips' command where it is installed.
func BenchmarkTwelveMegapixels(b *testing.B) {
	folder := b.TempDir()
	name := filepath.Join(folder, "photo.jpg")
	file := asJPEG(b, photo(4000, 3000))
	if err := os.WriteFile(name, file, 0o600); err != nil {
		b.Fatal(err)
	}
	var ours, theirs time.Duration
	var made *Result
	_, err := exec.LookPath("vips")
	for b.Loop() {
		for range 3 { // in turn, so that both see the same machine
			begin := cpu(b, syscall.RUSAGE_SELF)
			made = process(b, file, stored...)
			ours += cpu(b, syscall.RUSAGE_SELF) - begin
			if err != nil {
				continue
			}
			begin = cpu(b, syscall.RUSAGE_CHILDREN)
			for _, o := range made.Outputs {
				vips(b, name, o)
			}
			theirs += cpu(b, syscall.RUSAGE_CHILDREN) - begin
		}
	}
	if err != nil {
		row(b, "a 12-megapixel JPEG to stored sizes, beside vips", fmt.Sprintf("<= %g x", maxCPURatio), 0, "no vips here", false)
		return
	}
	ratio := ours.Seconds() / theirs.Seconds()
	b.Logf("ours %v, vips %v", ours/3, theirs/3)
	row(b, "a 12-megapixel JPEG to stored sizes, CPU beside vips (ms)", fmt.Sprintf("<= %g x", maxCPURatio), ours.Seconds()/3*1000,
		strconv.FormatFloat(ratio, 'f', 2, 64), ratio <= maxCPURatio)
	for _, o := range made.Outputs {
		like := similarity(decoded(b, o), vips(b, name, o))
		row(b, fmt.Sprintf("likeness of %d × %d to what vips makes", o.Width, o.Height), fmt.Sprintf(">= %g", minSimilarity), like, "", like >= minSimilarity)
	}
	used := memoryOfFour(b, name)
	row(b, "four 12-megapixel JPEG at once, memory (MiB)", fmt.Sprintf("<= %d", maxMemory), used, "", used <= maxMemory)
	progressive := filepath.Join(folder, "progressive.jpg")
	run(b, "vips", "copy", name, progressive+"[interlace,Q=92]")
	used = memoryOfFour(b, progressive)
	row(b, "four progressive 12-megapixel JPEG at once, memory (MiB)", fmt.Sprintf("<= %d", maxMemory), used, "", used <= maxMemory)
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// vips makes the same size of the same file.
func vips(t testing.TB, name string, o Output) image.Image {
	t.Helper()
	to := name + ".vips.jpg"
	run(t, "vips", "thumbnail", name, to+"[Q=85,strip]", strconv.Itoa(o.Width), "--height", strconv.Itoa(o.Height), "--size", "force")
	body, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, Output{Format: JPEG, Width: o.Width, Height: o.Height, Body: body})
}

func cpu(t testing.TB, who int) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(who, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// similarity is the mean of SSIM over squares of 8 × 8 samples of light, 4 apart.
func similarity(one, other image.Image) float64 {
	a, b := one.(*image.YCbCr), other.(*image.YCbCr)
	const side, c1, c2 = 8, (0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255)
	sum, count := 0.0, 0.0
	for y := 0; y+side <= a.Rect.Dy(); y += side / 2 {
		for x := 0; x+side <= a.Rect.Dx(); x += side / 2 {
			var sa, sb, saa, sbb, sab float64
			for dy := range side {
				for dx := range side {
					va, vb := float64(a.Y[(y+dy)*a.YStride+x+dx]), float64(b.Y[(y+dy)*b.YStride+x+dx])
					sa, sb, saa, sbb, sab = sa+va, sb+vb, saa+va*va, sbb+vb*vb, sab+va*vb
				}
			}
			const n = side * side
			ma, mb := sa/n, sb/n
			va, vb, cov := saa/n-ma*ma, sbb/n-mb*mb, sab/n-ma*mb
			sum += (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
			count++
		}
	}
	return sum / count
}

// fourEnv names the file that this program, run again, processes four times at once to tell the most memory it held.
const fourEnv = "ANANCUS_TEST_FOUR_PICTURES"

func memoryOfFour(t testing.TB, name string) float64 {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run", "^TestFourLargePicturesAtOnceTakeLittleMemory$", "-test.v")
	child.Env = append(os.Environ(), fourEnv+"="+name)
	out, err := child.CombinedOutput()
	_, told, found := strings.Cut(string(out), "VmHWM:")
	if err != nil || !found {
		t.Fatalf("%v\n%s", err, out)
	}
	kib, err := strconv.ParseFloat(strings.Fields(told)[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return math.Round(kib / 1024)
}

func TestFourLargePicturesAtOnceTakeLittleMemory(t *testing.T) {
	name := os.Getenv(fourEnv)
	if name == "" {
		name = filepath.Join(t.TempDir(), "photo.jpg")
		if err := os.WriteFile(name, asJPEG(t, photo(4000, 3000)), 0o600); err != nil {
			t.Fatal(err)
		}
		if used := memoryOfFour(t, name); used > maxMemory {
			t.Errorf("%v MiB, want at most %d", used, maxMemory)
		}
		return
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	w := New(DefaultMemory)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := w.Process(t.Context(), bytes.NewReader(file), Options{Sizes: stored}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(status))
}

// row adds one to the results, in the form of bench/main.go.
func row(b *testing.B, measure, target string, figure float64, ratio string, met bool) {
	b.Helper()
	word := map[bool]string{true: "yes", false: "no"}[met]
	line := fmt.Sprintf("-\t%s\t%s\t%s\t%s\t%s\n", measure, target, strconv.FormatFloat(figure, 'f', 3, 64), ratio, word)
	b.Log(line)
	name := os.Getenv("ANANCUS_BENCH_ROWS")
	if name == "" {
		return
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(line); err != nil {
		b.Fatal(err)
	}
}
