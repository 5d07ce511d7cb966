// Writes a CPU profile of itself to the file named: golden/pprof/go-cpu.pb.gz was made by
// go run golden/programs/recorded.go golden/pprof/go-cpu.pb.gz
package main

import (
	"os"
	"runtime/pprof"
	"sort"
	"strings"
	"time"
)

func sorted(words []string) []string {
	copied := append([]string(nil), words...)
	sort.Strings(copied)
	return copied
}

func joined(words []string) int { return len(strings.Join(words, " ")) }

func work(until time.Time) (sum int) {
	words := strings.Fields(strings.Repeat("the quick brown fox jumps over the lazy dog ", 200))
	for time.Now().Before(until) {
		sum += joined(sorted(words))
	}
	return sum
}

func main() {
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		panic(err)
	}
	work(time.Now().Add(2 * time.Second))
	pprof.StopCPUProfile()
}
