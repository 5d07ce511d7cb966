// What stacks of Go are made of, one kind a run: `routines KIND SECONDS`. Two kinds tell what the
// runtime itself says: `places` of addresses on standard input, counted from main.main, and `callers`
// of an inlined function.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/big"
	"os"
	"reflect"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"time"
)

var sink int

//go:noinline
func spin(n int) int {
	sum := 0
	for i := 0; i < n; i++ {
		sum += i*i ^ sum>>3
	}
	return sum
}

//go:noinline
func recurse(depth int) int {
	if depth == 0 {
		return spin(1000)
	}
	return recurse(depth-1) + 1
}

func inlinedLeaf(n int) int { return spin(n) + 1 }

func inlinedMiddle(n int) int { return inlinedLeaf(n) + inlinedLeaf(n) }

//go:noinline
func inlining(n int) int { return inlinedMiddle(n) }

//go:noinline
func seventy() int { return spin(7000) }

//go:noinline
func thirty() int { return spin(3000) }

func tellCallers() {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		frame, more := frames.Next()
		fmt.Println(int64(frame.PC)-base, frame.Func == nil, frame.Line, frame.Function, frame.File)
		if !more {
			return
		}
	}
}

func inlinedTeller() { tellCallers() }

// Where main.main is. Set by main itself: Go 1.18 puts no function into one that it leads back to.
var base int64

func tellPlaces() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		offset, _ := strconv.ParseInt(lines.Text(), 10, 64)
		frame, _ := runtime.CallersFrames([]uintptr{uintptr(base + offset + 1)}).Next()
		fmt.Println(frame.Line, frame.Function, frame.File)
	}
}

var text = bytes.Repeat([]byte("kube-eagle "), 10000)
var number = new(big.Int).Exp(big.NewInt(3), big.NewInt(20000), nil)

var kinds = map[string]func(){
	"recursion": func() { sink += recurse(40) },
	"inlining":  func() { sink += inlining(1000) },
	"split":     func() { sink += seventy() + thirty() },
	"assembly": func() {
		sum := sha256.Sum256(text)
		sink += int(sum[0]) + bytes.IndexByte(text, 'z') + new(big.Int).Mul(number, number).BitLen()
	},
	"clock": func() { sink += time.Now().Nanosecond() },
	"goroutines": func() {
		var group sync.WaitGroup
		for i := 0; i < 50; i++ {
			group.Add(1)
			go func() {
				defer group.Done()
				words := map[string][]int{}
				for n := 0; n < 200; n++ {
					words[strconv.Itoa(n)] = make([]int, n)
				}
				order := make([]string, 0, len(words))
				for word := range words {
					order = append(order, word)
				}
				sort.Strings(order)
				recurse(200)
			}()
		}
		group.Wait()
	},
}

func main() {
	base = int64(reflect.ValueOf(main).Pointer())
	switch kind := os.Args[1]; kind {
	case "places":
		tellPlaces()
	case "callers":
		inlinedTeller()
	default:
		seconds, _ := strconv.Atoi(os.Args[2])
		for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); {
			kinds[kind]()
		}
	}
}
